//! Tells webhooks what happened: heats and runs that are over, records, a dog's turn, feeds that are
//! away.
//!
//! The [`finder`] looks every second what there is to tell, by what the tables say, and writes it
//! into the outbox. A [`courier`] for each target takes it from there and sends it. So nothing is
//! lost over a restart and nothing found twice, whoever looks; a receiver may hear the same thing
//! twice when it is Ringside that dies. The pipeline knows nothing of this.

mod chat;
mod courier;
mod finder;
mod letter;
mod queue;
mod signature;
mod target;
mod words;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use log::warn;
use rustls::{ClientConfig, RootCertStore, pki_types::CertificateDer};
use tokio::{
    sync::{Notify, Semaphore, watch},
    task::JoinHandle,
    time::timeout,
};

use crate::{db::LatePool, http::Privacy};

use courier::{Courier, Outcome};

pub use target::{Form, Kind, Secret, Target};

/// Receivers are called so many at once.
const CALLS_AT_ONCE: usize = 8;
/// What is being sent when the service stops gets so long; the next start sends it again.
const END_WITHIN: Duration = Duration::from_secs(2);

/// Whom to tell, and of what.
#[derive(Clone, Default)]
pub struct Plan {
    pub targets: Vec<Arc<Target>>,
    /// The feeds that are configured.
    pub feeds: Vec<Watched>,
    pub privacy: Privacy,
}

/// A feed that is told of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Watched {
    pub slug: String,
    /// As in `FeedInfo`.
    pub kind: String,
    pub venue: String,
    pub name: String,
    /// In which its days begin: `Europe/Madrid`, `UTC`.
    pub zone: String,
}

/// How long everything takes; tests are less patient than operators.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// From one look at the tables to the next.
    pub look_every: Duration,
    /// A call that takes longer has failed.
    pub call_within: Duration,
    /// After the first failure; twice as long after each further one.
    pub first_wait: Duration,
    pub longest_wait: Duration,
    /// What could not be delivered for so long is given up.
    pub give_up_after: Duration,
    /// A feed that is away when the service starts is given so long to be connected.
    pub connects_within: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            look_every: Duration::from_secs(1),
            call_within: Duration::from_secs(10),
            first_wait: Duration::from_secs(5),
            longest_wait: Duration::from_secs(3_600),
            give_up_after: Duration::from_secs(3 * 86_400),
            connects_within: Duration::from_secs(30),
        }
    }
}

/// The finder and the couriers at work.
pub struct Notices {
    pool: Arc<LatePool>,
    client: awc::Client,
    patience: Patience,
    plan: watch::Sender<Arc<Plan>>,
    finder: JoinHandle<()>,
    couriers: BTreeMap<String, Running>,
    calls: Arc<Semaphore>,
    /// Something was found.
    news: Arc<Notify>,
}

struct Running {
    target: Arc<Target>,
    goes_on: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Notices {
    /// Begins to look and to tell, on this thread. `extra_roots` are trusted beside Mozilla's.
    ///
    /// # Errors
    /// A root certificate that can't be read.
    pub fn start(
        pool: Arc<LatePool>,
        plan: Plan,
        patience: Patience,
        extra_roots: Vec<CertificateDer<'static>>,
    ) -> Result<Self, rustls::Error> {
        let client = client(extra_roots, patience)?;
        let news = Arc::new(Notify::new());
        let (plan_to, plan_from) = watch::channel(Arc::new(plan));
        let finder = finder::look_on(pool.clone(), plan_from, news.clone(), patience);
        let mut notices = Self {
            pool,
            client,
            patience,
            finder: actix::spawn(finder),
            plan: plan_to,
            couriers: BTreeMap::new(),
            calls: Arc::new(Semaphore::new(CALLS_AT_ONCE)),
            news,
        };
        notices.set_couriers();
        Ok(notices)
    }

    /// Goes by this from now on; the names of the targets that are new or others than before.
    pub fn set(&mut self, plan: Plan) -> Vec<String> {
        let before = self.plan.send_replace(Arc::new(plan));
        self.set_couriers();
        let plan = self.plan.borrow();
        let is_news = |target: &&Arc<Target>| !before.targets.contains(*target);
        plan.targets.iter().filter(is_news).map(|target| target.name.clone()).collect()
    }

    fn set_couriers(&mut self) {
        let plan = self.plan.borrow().clone();
        self.couriers.retain(|_, running| {
            let stays = plan.targets.contains(&running.target);
            if !stays {
                // It ends after the call that it is at. One that is gone already does not hear it.
                running.goes_on.send_replace(false);
            }
            stays
        });
        for target in &plan.targets {
            if self.couriers.contains_key(&target.name) {
                continue;
            }
            let (goes_on, heard) = watch::channel(true);
            let courier = Courier {
                target: target.clone(),
                pool: self.pool.clone(),
                client: self.client.clone(),
                calls: self.calls.clone(),
                news: self.news.clone(),
                patience: self.patience,
            };
            let running = Running {
                target: target.clone(),
                goes_on,
                task: actix::spawn(courier.deliver(heard)),
            };
            self.couriers.insert(target.name.clone(), running);
        }
    }

    /// Ends; what is not delivered is in the outbox.
    pub async fn stop(self) {
        self.finder.abort();
        for running in self.couriers.values() {
            running.goes_on.send_replace(false);
        }
        for (name, mut running) in self.couriers {
            if timeout(END_WITHIN, &mut running.task).await.is_err() {
                running.task.abort();
                warn!("notify={name} was being called at the stop; the next start calls it again");
            }
        }
    }
}

/// Sends `target` a notice that says it is a test, past the outbox; what came of it, in words.
///
/// # Errors
/// Why it was not taken, in words without the address.
pub async fn send_test(
    target: &Target,
    extra_roots: Vec<CertificateDer<'static>>,
) -> Result<String, String> {
    let patience = Patience::default();
    let client = client(extra_roots, patience).map_err(|error| error.to_string())?;
    let letter = letter::test(target);
    match courier::call(&client, target, &letter, patience.call_within).await {
        Outcome::Delivered { status } => Ok(format!("taken ({status})")),
        Outcome::Failed { why, .. } | Outcome::Refused { why } | Outcome::Gone { why } => Err(why),
    }
}

fn client(
    extra_roots: Vec<CertificateDer<'static>>,
    patience: Patience,
) -> Result<awc::Client, rustls::Error> {
    // awc builds a default TLS configuration before it takes ours, and that panics without one. An
    // error means that somebody installed it before, which serves as well.
    drop(rustls::crypto::ring::default_provider().install_default());
    let mut roots = RootCertStore::empty();
    roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    for root in extra_roots {
        roots.add(root)?;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut tls = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    tls.alpn_protocols = vec![b"http/1.1".to_vec()];
    let connector = awc::Connector::new()
        .max_http_version(awc::http::Version::HTTP_11)
        // After the version, which sets a TLS configuration of its own.
        .rustls_0_23(Arc::new(tls))
        .timeout(patience.call_within);
    Ok(awc::Client::builder()
        .connector(connector)
        .timeout(patience.call_within)
        // Where a notice goes is for the operator to say, not for a receiver.
        .disable_redirects()
        .finish())
}
