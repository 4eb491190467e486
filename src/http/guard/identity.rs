//! The certificate that the service shows, and its key.

use std::{fmt, path::Path, sync::Arc};

use rustls::{
    crypto::ring::default_provider,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    sign::CertifiedKey,
};

/// `[http.tls]`: a chain of certificates, ours first, and the key that fits it.
#[derive(Clone)]
pub struct Identity(Arc<CertifiedKey>);

/// What is wrong with one of the two files. None of it quotes them.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    #[error("{0}")]
    Certificate(String),
    #[error("{0}")]
    Key(String),
}

impl Identity {
    /// Reads both from PEM files.
    ///
    /// # Errors
    /// The first thing wrong, with the file it is wrong with.
    pub fn read(certificate: &Path, key: &Path) -> Result<Self, IdentityError> {
        let chain = read_chain(certificate).map_err(IdentityError::Certificate)?;
        let secret = PrivateKeyDer::from_pem_file(key).map_err(|error| {
            IdentityError::Key(format!("{} can't be read: {error}", key.display()))
        })?;
        let show = key.display();
        let pair = CertifiedKey::from_der(chain, secret, &default_provider());
        let pair = pair.map_err(|error| match error {
            rustls::Error::InconsistentKeys(_) => {
                IdentityError::Key(format!("{show} does not fit the certificate"))
            }
            rustls::Error::InvalidCertificate(error) => IdentityError::Certificate(format!(
                "{} can't be used: {error}",
                certificate.display()
            )),
            error => IdentityError::Key(format!("{show} can't be used: {error}")),
        })?;
        Ok(Self(Arc::new(pair)))
    }

    /// The certificate that is shown, without those that vouch for it.
    pub fn certificate(&self) -> Option<&CertificateDer<'static>> {
        self.0.cert.first()
    }

    pub fn pair(&self) -> Arc<CertifiedKey> {
        self.0.clone()
    }
}

fn read_chain(file: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let show = file.display();
    let chain = CertificateDer::pem_file_iter(file)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| format!("{show} can't be read: {error}"))?;
    match chain.is_empty() {
        true => Err(format!("{show} holds no certificate")),
        false => Ok(chain),
    }
}

impl PartialEq for Identity {
    fn eq(&self, other: &Self) -> bool {
        self.0.cert == other.0.cert
    }
}

impl Eq for Identity {}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Identity")
    }
}
