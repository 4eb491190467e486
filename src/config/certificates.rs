//! Certificates that an operator trusts beside Mozilla's.

use std::path::Path;

use rustls::{
    RootCertStore,
    pki_types::{CertificateDer, pem::PemObject},
};

/// All certificates of a PEM file; what is wrong with it otherwise.
pub(super) fn read(file: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let show = file.display();
    let certificates = CertificateDer::pem_file_iter(file)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| format!("{show} can't be read: {error}"))?;
    if certificates.is_empty() {
        return Err(format!("{show} holds no certificate"));
    }
    let mut roots = RootCertStore::empty();
    for certificate in &certificates {
        let added = roots.add(certificate.clone());
        added.map_err(|error| format!("{show} holds a certificate that can't be used: {error}"))?;
    }
    Ok(certificates)
}
