//! Asks the running service, with the token and over TLS where the configuration says so.

use std::{
    fmt,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use anyhow::{anyhow, bail};
use awc::http::StatusCode;
use rustls::{
    ClientConfig, DigitallySignedStruct, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{ring::default_provider, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, ServerName, UnixTime},
};

use crate::{
    config::HttpConfig,
    http::guard::{Identity, Token},
};

/// A service that answers later than this is not well.
const PATIENCE: Duration = Duration::from_secs(15);

/// Where a service is, and what it takes to be let in.
pub(super) struct Service {
    address: SocketAddr,
    token: Option<Token>,
    identity: Option<Identity>,
}

impl Service {
    /// The configured one.
    pub fn of(http: &HttpConfig) -> Self {
        let HttpConfig { bind, rules, .. } = http;
        let (token, identity) = (rules.token.clone(), rules.identity.clone());
        Self { address: reachable(*bind), token, identity }
    }

    /// The one at `address`, which is the configured one when the port is the same: another, such
    /// as the demo, is sent no token of ours.
    pub fn at(address: SocketAddr, configured: Option<&HttpConfig>) -> Self {
        let address = reachable(address);
        match configured.filter(|http| http.bind.port() == address.port()) {
            Some(http) => Self { address, ..Self::of(http) },
            None => Self { address, token: None, identity: None },
        }
    }

    /// The body of `/health`.
    ///
    /// # Errors
    /// Why there is none, in words for the one who asked.
    pub async fn health(&self) -> anyhow::Result<Vec<u8>> {
        let mut connector = awc::Connector::new();
        if let Some(identity) = &self.identity {
            connector = connector.rustls_0_23(Arc::new(client_config(identity)?));
        }
        let client = awc::Client::builder().connector(connector).timeout(PATIENCE).finish();
        let mut request = client.get(format!("{self}/health"));
        if let Some(token) = &self.token {
            request = request.bearer_auth(token.reveal());
        }
        let mut answer = request.send().await.map_err(|error| {
            anyhow!("no service answers at {self} ({error}); is `ringside run` running?")
        })?;
        match answer.status() {
            StatusCode::UNAUTHORIZED if self.token.is_some() => {
                bail!(
                    "{self} has another token than the configuration; was it read again (SIGHUP)?"
                )
            }
            StatusCode::UNAUTHORIZED => {
                bail!("{self} asks for a token; --config names the configuration that has it")
            }
            status if !status.is_success() => bail!("{self} answers {status}"),
            _ => {}
        }
        let body = answer.body().await.map_err(|error| anyhow!("its answer broke off: {error}"))?;
        Ok(body.to_vec())
    }
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.identity.is_some() { "https" } else { "http" };
        write!(f, "{scheme}://{}", self.address)
    }
}

/// What is served everywhere is also served here.
fn reachable(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        address.set_ip(match address {
            SocketAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
    }
    address
}

fn client_config(identity: &Identity) -> anyhow::Result<ClientConfig> {
    let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Exactly(identity.clone())))
        .with_no_client_auth();
    Ok(config)
}

/// Trusts the configured certificate and no other, whoever signed it and whatever name is in it:
/// we ask by address, and have the file.
#[derive(Debug)]
struct Exactly(Identity);

impl ServerCertVerifier for Exactly {
    fn verify_server_cert(
        &self,
        shown: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        match self.0.certificate() {
            Some(configured) if configured == shown => Ok(ServerCertVerified::assertion()),
            _ => Err(rustls::Error::General(
                "it shows another certificate than the configured one".to_owned(),
            )),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let schemes = default_provider().signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, &schemes)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let schemes = default_provider().signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, &schemes)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        default_provider().signature_verification_algorithms.supported_schemes()
    }
}
