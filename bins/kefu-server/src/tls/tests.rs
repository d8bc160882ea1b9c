use std::fs;
use std::path::Path;

use rcgen::{CertificateParams, KeyPair};

use super::*;

/// A certificate of its own making and its key.
fn made() -> (String, String) {
    let key = KeyPair::generate().unwrap();
    let cert = CertificateParams::new(["kefu.test".to_owned()]).unwrap().self_signed(&key).unwrap();
    (cert.pem(), key.serialize_pem())
}

fn settings(folder: &Path, cert: &str, key: &str) -> ServerSettings {
    let (cert_file, key_file) = (folder.join("cert.pem"), folder.join("key.pem"));
    fs::write(&cert_file, cert).unwrap();
    fs::write(&key_file, key).unwrap();
    ServerSettings { tls_cert: cert_file, tls_key: key_file, ..ServerSettings::default() }
}

fn open(cert: &str, key: &str) -> Result<Certificate, TlsError> {
    let folder = tempfile::tempdir().unwrap();
    Certificate::of(&settings(folder.path(), cert, key)).map(Option::unwrap)
}

#[track_caller]
fn refused(cert: &str, key: &str, why: &str) {
    let error = open(cert, key).err().expect("a refusal");
    assert!(error.to_string().contains(why), "{error}");
    for line in cert.lines().chain(key.lines()).filter(|line| !line.is_empty() && !line.starts_with("-----")) {
        assert!(!format!("{error} {error:?}").contains(line), "the refusal repeats what stands in a file: {error:?}");
    }
}

#[test]
fn without_the_settings_there_is_no_tls() {
    assert!(Certificate::of(&ServerSettings::default()).unwrap().is_none());
}

#[test]
fn a_certificate_and_its_key_are_enough() {
    let (cert, key) = made();

    let certificate = open(&cert, &key).unwrap();

    assert!(certificate.listener().unwrap().ticketer.enabled());
}

#[test]
fn a_chain_begins_with_the_certificate_of_the_key() {
    let ((cert, key), (issuer, _)) = (made(), made());

    assert!(open(&format!("{cert}{issuer}"), &key).is_ok());
    refused(&format!("{issuer}{cert}"), &key, "belongs to another certificate than the first of");
}

#[test]
fn what_cannot_be_used_is_refused_with_what_it_is() {
    let ((cert, key), (_, other)) = (made(), made());

    refused("", &key, "(server.tls_cert) holds no certificate in PEM format");
    refused(&key, &key, "(server.tls_cert) holds no certificate");
    refused("MIIBIjANBgkq", &key, "holds no certificate");
    refused(&cert, "", "(server.tls_key) holds no private key without a password");
    refused(&cert, &cert, "(server.tls_key) holds no private key");
    refused(&cert, &key.replace("PRIVATE", "ENCRYPTED PRIVATE"), "without a password");
    refused(&cert, &other, "belongs to another certificate");
    let broken = "-----BEGIN CERTIFICATE-----\naGVsbG8gdGhlcmU=\n-----END CERTIFICATE-----\n";
    refused(broken, &key, "cannot be used");
    let broken = "-----BEGIN PRIVATE KEY-----\naGVsbG8gdGhlcmU=\n-----END PRIVATE KEY-----\n";
    refused(&cert, broken, "cannot be used");
    refused(&cert[..cert.len() / 2], &key, "holds no certificate");
}

#[test]
fn a_missing_file_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let mut settings = settings(folder.path(), "", "");
    settings.tls_cert = "/nowhere/cert.pem".into();

    let error = Certificate::of(&settings).err().unwrap();

    assert_eq!(error.to_string(), "/nowhere/cert.pem (server.tls_cert) cannot be read");
}

#[test]
fn a_renewal_is_taken_in_and_half_of_one_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let ((cert, key), (new_cert, new_key)) = (made(), made());
    let mut certificate = Certificate::of(&settings(folder.path(), &cert, &key)).unwrap().unwrap();
    let shown = |certificate: &Certificate| certificate.in_use.0.read().unwrap().cert[0].clone();
    let first = shown(&certificate);

    assert!(matches!(certificate.look(), Look::Same));
    fs::write(folder.path().join("cert.pem"), &new_cert).unwrap();
    assert!(matches!(certificate.look(), Look::Unusable(TlsError::Mismatch { .. })));
    fs::remove_file(folder.path().join("key.pem")).unwrap();
    assert!(matches!(certificate.look(), Look::Unusable(TlsError::Unreadable { .. })));
    assert_eq!(shown(&certificate), first, "what was good stays in use");
    fs::write(folder.path().join("key.pem"), &new_key).unwrap();

    assert!(matches!(certificate.look(), Look::Renewed));
    assert_ne!(shown(&certificate), first);
    assert!(matches!(certificate.look(), Look::Same));
}
