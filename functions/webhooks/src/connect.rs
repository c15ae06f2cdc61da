//! A connection to a receiver: to an address that may be called, whatever its name resolves to.
//!
//! The name is resolved for each connection and the address checked right where it connects, so
//! that a name which resolves to another address the second time gains nothing.

use domain::WebhookTargets;
use domain::address::is_public;
use domain::attempt::AttemptError;
use futures::future::BoxFuture;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use url::{Host, Url};

/// How long one address of a name has to answer: the next one has time left, too.
const CONNECT: Duration = Duration::from_secs(5);

/// How a name becomes addresses.
pub trait Resolve: Send + Sync {
    /// The addresses of `host`.
    fn resolve<'a>(&'a self, host: &'a str) -> BoxFuture<'a, io::Result<Vec<IpAddr>>>;
}

/// The operating system's resolver.
#[derive(Debug, Clone, Copy)]
pub struct SystemResolver;

impl Resolve for SystemResolver {
    fn resolve<'a>(&'a self, host: &'a str) -> BoxFuture<'a, io::Result<Vec<IpAddr>>> {
        Box::pin(async move {
            let found = tokio::net::lookup_host((host, 0)).await?;
            Ok(found.map(|address| address.ip()).collect())
        })
    }
}

/// A stream to a receiver, with or without TLS.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// Connects to receivers.
#[derive(Clone)]
pub(crate) struct Connector {
    targets: WebhookTargets,
    resolver: Arc<dyn Resolve>,
    tls: TlsConnector,
}

impl Connector {
    /// With the certificates that the system trusts.
    pub(crate) fn new(targets: WebhookTargets, resolver: Arc<dyn Resolve>) -> Self {
        let mut roots = RootCertStore::empty();
        let found = rustls_native_certs::load_native_certs();
        for error in &found.errors {
            tracing::warn!(%error, "certificates that the system trusts cannot be read");
        }
        let (added, _) = roots.add_parsable_certificates(found.certs);
        if added == 0 {
            tracing::error!("the system trusts no certificate: SSL_CERT_FILE names a file of them");
        }
        let config = ClientConfig::builder().with_root_certificates(roots);
        let tls = TlsConnector::from(Arc::new(config.with_no_client_auth()));
        Self {
            targets,
            resolver,
            tls,
        }
    }

    pub(crate) async fn connect(&self, url: &Url) -> Result<Box<dyn Stream>, AttemptError> {
        let host = url.host().ok_or(AttemptError::AddressRefused)?;
        let is_tls = url.scheme() == "https";
        if !is_tls && self.targets == WebhookTargets::Public {
            return Err(AttemptError::AddressRefused);
        }
        let port = url
            .port_or_known_default()
            .ok_or(AttemptError::AddressRefused)?;
        let stream = first_of(self.addresses(&host).await?, port).await?;
        if !is_tls {
            return Ok(Box::new(stream));
        }
        let name = match host {
            Host::Domain(name) => ServerName::try_from(name.to_owned()).ok(),
            Host::Ipv4(address) => Some(IpAddr::from(address).into()),
            Host::Ipv6(address) => Some(IpAddr::from(address).into()),
        };
        let name = name.ok_or(AttemptError::TlsFailed)?;
        let stream = self.tls.connect(name, stream).await;
        Ok(Box::new(stream.map_err(|_| AttemptError::TlsFailed)?))
    }

    /// The addresses of `host` that may be called: at least one.
    async fn addresses(&self, host: &Host<&str>) -> Result<Vec<IpAddr>, AttemptError> {
        let found = match host {
            Host::Domain(name) => {
                let found = self.resolver.resolve(name).await;
                found.map_err(|_| AttemptError::NotResolved)?
            }
            Host::Ipv4(address) => vec![IpAddr::from(*address)],
            Host::Ipv6(address) => vec![IpAddr::from(*address)],
        };
        if found.is_empty() {
            return Err(AttemptError::NotResolved);
        }
        let may_be_called = |address: &IpAddr| match self.targets {
            WebhookTargets::Public => is_public(*address),
            WebhookTargets::Any => true,
        };
        let allowed: Vec<_> = found.into_iter().filter(may_be_called).collect();
        match allowed.is_empty() {
            true => Err(AttemptError::AddressRefused),
            false => Ok(allowed),
        }
    }
}

/// A connection to the first of `addresses` that takes one.
async fn first_of(addresses: Vec<IpAddr>, port: u16) -> Result<TcpStream, AttemptError> {
    for address in addresses {
        let connecting = TcpStream::connect(SocketAddr::new(address, port));
        if let Ok(Ok(stream)) = timeout(CONNECT, connecting).await {
            return Ok(stream);
        }
    }
    Err(AttemptError::ConnectionFailed)
}
