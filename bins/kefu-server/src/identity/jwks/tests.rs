use serde_json::json;

use super::*;
use crate::identity::test_keys::EdPair;

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn whether_a_key_may_be_there_by_now_depends_on_the_last_question() {
    let now = Instant::now();
    let check = |asked: Asked, missing: Missing| assert_eq!(asked.missing(now + SECOND, SECOND * 2), missing);
    let (recent, long_ago) = (Some(now), now.checked_sub(SECOND));

    check(Asked::default(), Missing::Perhaps);
    check(Asked { last: recent, ..Asked::default() }, Missing::Surely);
    check(Asked { last: recent, failed: true, now: false }, Missing::Unknowable);
    check(Asked { last: recent, failed: true, now: true }, Missing::Perhaps);
    check(Asked { last: long_ago, ..Asked::default() }, Missing::Perhaps);
    check(Asked { last: long_ago, failed: true, now: false }, Missing::Perhaps);
}

/// An address with TLS that shows this certificate and answers with this set.
async fn with_tls(set: String) -> (u16, String, tokio::task::JoinHandle<()>) {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let issued = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = rustls::pki_types::PrivateKeyDer::try_from(issued.signing_key.serialize_der()).unwrap();
    let config = rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![issued.cert.der().clone()], key)
        .unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let serving = tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            let _ = stream.read(&mut [0; 4_096]).await;
            let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", set.len());
            let _ = stream.write_all(format!("{head}{set}").as_bytes()).await;
            let _ = stream.shutdown().await;
        }
    });
    (port, issued.cert.pem(), serving)
}

#[actix_web::test]
async fn an_address_with_tls_is_believed_with_a_certificate_that_is_believed_and_not_without() {
    let set = json!({"keys": [EdPair::new("ed").jwk()]}).to_string();
    let (port, certificate, serving) = with_tls(set).await;
    let url = format!("https://localhost:{port}/keys");
    let trusting = reqwest::Certificate::from_pem(certificate.as_bytes()).unwrap();
    let trusting = outward::client(ANSWER_WITHIN).tls_certs_merge([trusting]).build().unwrap();
    let usual = outward::client(ANSWER_WITHIN).build().unwrap();

    assert_eq!(fetch(&trusting, &url).await.unwrap().len(), 1);
    let refused = fetch(&usual, &url).await.err().unwrap();
    assert!(matches!(refused, JwksError::Address(_)));
    assert!(!kefu_domain::Chain(&refused).to_string().contains("localhost"), "addresses are not for the log");
    serving.abort();
}
