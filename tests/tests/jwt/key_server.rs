//! Whoever publishes keys: an address with a JWK set, which turns its keys over, hangs and falls silent when told to.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// A pair of keys that nobody else has.
pub(crate) struct Pair {
    id: String,
    signing: EncodingKey,
    pub(crate) pem: String,
    x: String,
}

impl Pair {
    pub(crate) fn new(id: &str) -> Self {
        let pair = rcgen::KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap();
        let x = URL_SAFE_NO_PAD.encode(pair.public_key_raw());
        let signing = EncodingKey::from_ed_der(&pair.serialize_der());
        Self { id: id.to_owned(), signing, pem: pair.public_key_pem(), x }
    }

    pub(crate) fn jwk(&self) -> Value {
        json!({"kty": "OKP", "crv": "Ed25519", "use": "sig", "kid": self.id, "x": self.x})
    }

    /// A token that says this, and with which key it was signed.
    pub(crate) fn sign(&self, claims: &Value) -> String {
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = Some(self.id.clone());
        encode(&header, claims, &self.signing).unwrap()
    }
}

/// The set of these keys.
pub(crate) fn set(pairs: &[&Pair]) -> String {
    json!({ "keys": pairs.iter().map(|pair| pair.jwk()).collect::<Vec<_>>() }).to_string()
}

/// How questions are answered.
#[derive(Clone)]
pub(crate) enum Answering {
    /// With this body.
    With(String),
    /// With this head and nothing else.
    Head(&'static str),
    /// Not at all: connections are cut.
    Cut,
    /// Not until something else is wanted.
    Hold,
}

/// The address. It is gone when dropped.
pub(crate) struct KeyServer {
    address: SocketAddr,
    answering: watch::Sender<Answering>,
    asked: Arc<Mutex<usize>>,
    grown: watch::Receiver<usize>,
    serving: tokio::task::JoinHandle<()>,
}

impl KeyServer {
    pub(crate) async fn start(answering: Answering) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (answering, wanted) = watch::channel(answering);
        let (counter, grown) = watch::channel(0);
        let asked = Arc::new(Mutex::new(0));
        let count = asked.clone();
        let serving = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let now = {
                    let mut count = count.lock().unwrap();
                    *count += 1;
                    *count
                };
                counter.send_replace(now);
                tokio::spawn(answer(stream, wanted.clone()));
            }
        });
        Self { address, answering, asked, grown, serving }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/keys", self.address)
    }

    /// The setting that names it.
    pub(crate) fn setting(&self) -> String {
        format!("{:?}", self.url())
    }

    pub(crate) fn answer(&self, answering: Answering) {
        self.answering.send_replace(answering);
    }

    /// How often it was asked.
    pub(crate) fn asked(&self) -> usize {
        *self.asked.lock().unwrap()
    }

    /// Waits until it was asked so often.
    pub(crate) async fn asked_times(&self, times: usize) {
        let mut grown = self.grown.clone();
        let enough = grown.wait_for(|count| *count >= times);
        tokio::time::timeout(kefu_tests::PATIENCE, enough).await.expect("it is asked").unwrap();
    }
}

impl Drop for KeyServer {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn answer(mut stream: TcpStream, mut wanted: watch::Receiver<Answering>) {
    let mut head = [0; 4_096];
    let _ = stream.read(&mut head).await;
    let wanted = wanted.wait_for(|answering| !matches!(answering, Answering::Hold)).await.map(|answer| answer.clone());
    let answer = match wanted {
        Ok(Answering::With(body)) => {
            format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len())
        }
        Ok(Answering::Head(head)) => format!("{head}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"),
        Ok(Answering::Cut | Answering::Hold) | Err(_) => return,
    };
    let _ = stream.write_all(answer.as_bytes()).await;
}
