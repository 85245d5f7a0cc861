//! The program's commands: each a few lines around the library.

use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use clap::Parser;
use ring::rand::SystemRandom;
use tendenko_protocol::ids::{Millis, RegionId};
use tendenko_protocol::limits::{MAX_ENROLMENT_BUNDLE as BUNDLE, MAX_ENROLMENT_REQUEST as REQUEST};
use tendenko_protocol::trust::{EnrolmentBundle, EnrolmentError, EnrolmentRequest, RelayRequest};
use tendenko_relay::listing::{self, ListingError};
use tendenko_relay::status::Status;
use tendenko_relay::{Cost, Directory, EdgeSetup, Enrolment, Region, RegionError, Relay, RelayError, Setup, edge};

use args::{Ask, Cli, Command, Enroll, Init, Join, PublishDirectory, Serve};
use terminal::PassphraseError;

mod args;
mod courier;
mod terminal;

/// Why a command failed, in one line for the operator.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CliError {
    #[error(transparent)]
    Passphrase(#[from] PassphraseError),
    #[error(transparent)]
    Region(#[from] RegionError),
    #[error(transparent)]
    Relay(#[from] RelayError),
    #[error("{path}: {source}")]
    File { path: PathBuf, source: io::Error },
    #[error("{path} is not a request of a tablet or of an edge relay: {source}")]
    Request { path: PathBuf, source: EnrolmentError },
    #[error("{path} is not a bundle: {source}")]
    Bundle { path: PathBuf, source: EnrolmentError },
    #[error("this is a tablet's request: say whose it is with --facility, --facility-kind, --member and --profession")]
    Whose,
    #[error("each --member needs its --profession: {members} members, {professions} professions")]
    Professions { members: usize, professions: usize },
    #[error("{path}: {source}")]
    Listing { path: PathBuf, source: ListingError },
    #[error(transparent)]
    Courier(#[from] courier::CourierCliError),
    #[error("{0}")]
    System(#[from] io::Error),
    #[error("the status could not be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
}

/// Does what the command line says.
pub(crate) fn run() -> Result<(), CliError> {
    let cli = Cli::parse();
    terminal::log(cli.log_format);
    match cli.command {
        Command::Init(init) => self::init(init),
        Command::Enroll(enroll) => self::enroll(enroll),
        Command::Ask(ask) => self::ask(ask),
        Command::Join(join) => self::join(join),
        Command::Serve(serve) => self::serve(serve),
        Command::Directory(directory) => self::directory(directory),
        Command::Courier(args::Courier::Export(export)) => say(&courier::export(export, now())?),
        Command::Courier(args::Courier::Import(import)) => say(&courier::import(import, now())?),
        Command::Status(status) => {
            let json = status.json;
            let status = Status::read(&Directory::new(status.dir))?;
            let text = if json { serde_json::to_string_pretty(&status)? } else { status.text(now()).to_string() };
            say(text.trim_end())
        }
    }
}

fn init(init: Init) -> Result<(), CliError> {
    let passphrase = terminal::passphrase(&init.passphrase, true)?;
    let setup = Setup {
        region_name: init.region_name,
        relay_name: init.relay_name,
        listen: init.listen,
        addresses: init.addresses,
        cost: Cost::default(),
    };
    let directory = Directory::new(init.dir);
    let region = Region::create(&directory, &setup, &passphrase, &SystemRandom::new(), now())?;
    say(&format!("region {}\nrelay {}", region.id(), region.relay()))
}

fn enroll(enroll: Enroll) -> Result<(), CliError> {
    let bytes = read(&enroll.request, REQUEST)?;
    if let Ok(request) = RelayRequest::from_bytes(&bytes) {
        return enroll_relay(&enroll, &request);
    }
    let (members, professions) = (enroll.members.len(), enroll.professions.len());
    if members != professions {
        return Err(CliError::Professions { members, professions });
    }
    let request = EnrolmentRequest::from_bytes(&bytes)
        .map_err(|source| CliError::Request { path: enroll.request.clone(), source })?;
    let (Some(facility), Some(facility_kind), 1..) = (enroll.facility, enroll.facility_kind, members) else {
        return Err(CliError::Whose);
    };
    let passphrase = terminal::passphrase(&enroll.passphrase, false)?;
    let rng = SystemRandom::new();
    let region = Region::open(&Directory::new(enroll.dir), &passphrase, &rng)?;
    let asked = Enrolment {
        facility,
        facility_kind,
        members: enroll.members.into_iter().zip(enroll.professions).collect(),
        administrator: enroll.administrator,
        evacuation_site: enroll.evacuation_site,
    };
    let enrolled = region.enrol(&request, &asked, &rng, now())?;
    write(&enroll.out, &enrolled.bundle.to_bytes())?;
    say(&format!("device {}\nfacility {}", enrolled.device, enrolled.facility))?;
    enrolled
        .members
        .iter()
        .try_for_each(|member| say(&format!("member {} {} {}", member.id, member.profession, member.name)))
}

fn enroll_relay(enroll: &Enroll, request: &RelayRequest) -> Result<(), CliError> {
    let passphrase = terminal::passphrase(&enroll.passphrase, false)?;
    let region = Region::open(&Directory::new(&enroll.dir), &passphrase, &SystemRandom::new())?;
    let bundle = region.enrol_relay(request, now())?;
    write(&enroll.out, &bundle.to_bytes())?;
    say(&format!("relay {} {}", request.relay_id(), request.name))
}

fn ask(ask: Ask) -> Result<(), CliError> {
    let setup = EdgeSetup { name: ask.relay_name, listen: ask.listen, addresses: ask.addresses };
    let request = edge::ask(&Directory::new(ask.dir), &setup, &SystemRandom::new())?;
    write(&ask.out, &request.to_bytes())?;
    say(&format!("relay {}\nrequest {}", request.relay_id(), ask.out.display()))
}

fn join(join: Join) -> Result<(), CliError> {
    let bytes = read(&join.bundle, BUNDLE)?;
    let bundle =
        EnrolmentBundle::from_bytes(&bytes).map_err(|source| CliError::Bundle { path: join.bundle.clone(), source })?;
    let relay = edge::join(&Directory::new(join.dir), &bundle, &SystemRandom::new(), now())?;
    say(&format!("region {} {}\nrelay {relay}", RegionId::of_key(&bundle.region_public), bundle.region_name))
}

fn directory(publish: PublishDirectory) -> Result<(), CliError> {
    let listing = |path: &PathBuf| read(path, listing::LARGEST);
    let wrong = |path: &PathBuf| {
        let path = path.clone();
        move |source| CliError::Listing { path, source }
    };
    let services = listing::services(&listing(&publish.csv)?).map_err(wrong(&publish.csv))?;
    let outline = match &publish.outline {
        Some(path) => listing::outline(&listing(path)?).map_err(wrong(path))?,
        None => Vec::new(),
    };
    let count = services.len();
    let passphrase = terminal::passphrase(&publish.passphrase, false)?;
    let region = Region::open(&Directory::new(publish.dir), &passphrase, &SystemRandom::new())?;
    match region.publish(services, outline, publish.serial, now())? {
        Some(serial) => say(&format!("directory {serial}, {count} entries")),
        None => say("nothing has changed since the last directory: nothing was published"),
    }
}

fn serve(serve: Serve) -> Result<(), CliError> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        // Before anything is promised on standard output: a signal from here on is a clean shutdown.
        let stop = stop_signal()?;
        let mut relay = Relay::open(serve.dir)?;
        if !serve.upstream.is_empty() {
            relay.set_upstream(serve.upstream);
        }
        let serving = relay.serve(serve.listen)?;
        say(&format!("listening on {}", serving.local_addr()))?;
        stop.await;
        tracing::info!("stopping");
        serving.shutdown().await;
        Ok(())
    })
}

/// Resolves at SIGTERM or ctrl-c.
#[cfg(unix)]
fn stop_signal() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// Resolves at ctrl-c.
#[cfg(not(unix))]
fn stop_signal() -> io::Result<impl Future<Output = ()>> {
    Ok(async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending().await
        }
    })
}

/// Writes lines to standard output at once: whoever started the program waits for them.
fn say(lines: &str) -> Result<(), CliError> {
    let mut out = io::stdout().lock();
    writeln!(out, "{lines}")?;
    Ok(out.flush()?)
}

fn write(path: &PathBuf, bytes: &[u8]) -> Result<(), CliError> {
    fs::write(path, bytes).map_err(|source| CliError::File { path: path.clone(), source })
}

fn read(path: &PathBuf, at_most: usize) -> Result<Vec<u8>, CliError> {
    use std::io::Read;
    let mut bytes = Vec::new();
    fs::File::open(path)
        .and_then(|file| file.take(at_most as u64 + 1).read_to_end(&mut bytes))
        .map_err(|source| CliError::File { path: path.clone(), source })?;
    Ok(bytes)
}

fn now() -> Millis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
