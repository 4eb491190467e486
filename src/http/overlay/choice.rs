//! Words of an address that stand for one of a few things.

/// An enum whose variants are words of an address.
macro_rules! choices {
    ($(#[$docs:meta])* $name:ident { $($(#[$variant_docs:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$docs])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum $name {
            $($(#[$variant_docs])* $variant,)+
        }

        impl super::choice::Choice for $name {
            const ALL: &'static [Self] = &[$(Self::$variant,)+];

            fn word(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }
        }
    };
}

pub(super) use choices;

pub(super) trait Choice: Copy + 'static {
    /// In the order in which they are offered.
    const ALL: &'static [Self];

    fn word(self) -> &'static str;

    /// However it is written: people type addresses.
    fn from_word(word: &str) -> Option<Self> {
        let word = word.trim();
        Self::ALL.iter().copied().find(|choice| choice.word().eq_ignore_ascii_case(word))
    }

    /// All words, to tell what there is.
    fn words() -> String {
        Self::ALL.iter().map(|choice| choice.word()).collect::<Vec<_>>().join(", ")
    }
}
