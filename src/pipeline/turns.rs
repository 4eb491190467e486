//! Who is next: turns are taken without waiting and come in the order in which they were taken.

use tokio::sync::oneshot;

#[derive(Default)]
pub struct Turns {
    /// Resolves when the last turn that was taken is over.
    last: Option<oneshot::Receiver<()>>,
}

/// Over when it is dropped, also when it never began.
pub struct Turn {
    before: Option<oneshot::Receiver<()>>,
    /// Its end is what the next one waits for.
    _after: oneshot::Sender<()>,
}

impl Turns {
    pub fn take(&mut self) -> Turn {
        let (after, last) = oneshot::channel();
        Turn { before: self.last.replace(last), _after: after }
    }
}

impl Turn {
    /// Waits until the one before is over.
    pub async fn begin(&mut self) {
        if let Some(before) = &mut self.before {
            // Nothing is ever sent: an error is the end that is waited for.
            before.await.ok();
        }
        self.before = None;
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[tokio::test]
    async fn turns_come_in_the_order_in_which_they_were_taken() {
        let mut turns = Turns::default();
        let (mut first, mut second, mut third) = (turns.take(), turns.take(), turns.take());
        assert!(third.begin().now_or_never().is_none());
        assert!(second.begin().now_or_never().is_none());
        first.begin().await;
        drop(first);
        assert!(third.begin().now_or_never().is_none(), "the second is before it");
    }
}
