//! samod over TCP, with its filesystem storage on both sides. `server` is a repo that shares what it is asked for;
//! `tablets` holds all tablets, each a repo of its own. One document per card and one per chart; a record is one atomic
//! string in the chart's map of records, the cheapest form Automerge has for it.

#![forbid(unsafe_code)]

mod server;
mod tablet;

use std::path::PathBuf;
use std::sync::Arc;

use futures::FutureExt as _;
use samod::{DialError, Dialer, Transport, Url};
use tendenko_workload::tablets::{Failure, run};
use tokio::net::TcpStream;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let mut arguments = std::env::args().skip(1);
    let role = arguments.next().ok_or("server or tablets?")?;
    let options: std::collections::HashMap<String, String> =
        std::iter::from_fn(|| Some((arguments.next()?, arguments.next()?))).collect();
    let option = |name: &str| options.get(name).cloned().ok_or(format!("{name} is missing"));
    let dir = PathBuf::from(option("--dir")?);
    match role.as_str() {
        "server" => server::run(&dir, &format!("{}:{}", option("--host")?, option("--port")?)).await,
        _ => run::<tablet::Peer>(&dir, &PathBuf::from(option("--workload")?)).await,
    }
}

/// samod's own TCP dialer, without Nagle's delay: in the peer's favour.
struct Quick {
    url: Url,
}

impl Dialer for Quick {
    type Error = std::convert::Infallible;

    fn url(&self) -> Url {
        self.url.clone()
    }

    fn connect(&self) -> futures::future::BoxFuture<'static, Result<Transport, DialError<Self::Error>>> {
        let host = self.url.host_str().unwrap_or_default().to_owned();
        let port = self.url.port().unwrap_or_default();
        async move {
            let io = TcpStream::connect((host, port)).await.map_err(DialError::transient)?;
            io.set_nodelay(true).map_err(DialError::transient)?;
            Ok(Transport::from_tokio_io(io))
        }
        .boxed()
    }
}

fn dialer(url: &str) -> Result<Arc<Quick>, Failure> {
    Ok(Arc::new(Quick { url: Url::parse(url)? }))
}
