//! What the program is asked to do. Passphrases never come as arguments: other users of the machine can read those.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use tendenko_protocol::limits::MAX_DIRECTORY_SERIAL;

/// The relay of a Tendenko region: stores sealed care records and hands them on. It cannot read them.
#[derive(Debug, Parser)]
#[command(name = "tendenko-relay", version)]
pub(crate) struct Cli {
    /// How log lines look on standard error. What is logged is chosen by RUST_LOG (default: info).
    #[arg(long, global = true, value_enum, default_value_t = LogFormat::Text, env = "TENDENKO_LOG_FORMAT")]
    pub(crate) log_format: LogFormat,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    Text,
    Json,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make a region and its first relay: root key (sealed by a passphrase), relay key, empty store.
    Init(Init),
    /// Certify a tablet, its facility and its staff, or an edge relay; writes the bundle it is set up with.
    Enroll(Enroll),
    /// Prepare an edge relay: makes its key, and the request that the region answers by `enroll`.
    Ask(Ask),
    /// Take the region's answer to `ask`; after that the edge relay can `serve`.
    Join(Join),
    /// Serve tablets until SIGTERM or ctrl-c. Prints "listening on ADDRESS" when ready.
    Serve(Serve),
    /// Show what the relay holds and which devices it has seen. Works while it serves.
    Status(Status),
    /// Publish the region's directory (資源リスト): who offers what, where. It takes the place of the one before on every tablet.
    Directory(PublishDirectory),
    /// Courier files: records on a USB stick, for where there is no network. Works while the relay serves.
    #[command(subcommand)]
    Courier(Courier),
}

#[derive(Debug, Subcommand)]
pub(crate) enum Courier {
    /// Write a file for tablets or relays that cannot be reached.
    Export(CourierExport),
    /// Take what a file holds, as far as it verifies. Taking it again does no harm.
    Import(CourierImport),
}

#[derive(Debug, Args)]
pub(crate) struct CourierExport {
    /// The relay's directory.
    #[arg(long)]
    pub(crate) dir: PathBuf,
    /// Where to write the file.
    #[arg(long)]
    pub(crate) out: PathBuf,
    /// For whom: everyone, device:ID (what it is granted) or patient:ID; may be given several times.
    #[arg(long = "for", default_value = "everyone")]
    pub(crate) for_whom: Vec<String>,
    /// Only what arrived since then: 90m, 12h, 3d, or a time such as 2026-11-20T09:00+09:00. Certificates are always in it.
    #[arg(long)]
    pub(crate) since: Option<String>,
    /// Text alone, for a small stick.
    #[arg(long)]
    pub(crate) without_attachments: bool,
}

#[derive(Debug, Args)]
pub(crate) struct CourierImport {
    /// The relay's directory.
    #[arg(long)]
    pub(crate) dir: PathBuf,
    /// The file.
    #[arg(long)]
    pub(crate) file: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct Init {
    /// Directory to make the relay in.
    #[arg(long)]
    pub(crate) dir: PathBuf,
    /// The region's name, as tablets show it.
    #[arg(long)]
    pub(crate) region_name: String,
    /// The relay's name.
    #[arg(long)]
    pub(crate) relay_name: String,
    /// Address to listen on.
    #[arg(long, default_value = "0.0.0.0:4433")]
    pub(crate) listen: SocketAddr,
    /// Where tablets find the relay, host:port; may be given several times. Default: the address it listens on.
    #[arg(long = "address")]
    pub(crate) addresses: Vec<String>,
    #[command(flatten)]
    pub(crate) passphrase: PassphraseSource,
}

#[derive(Debug, Args)]
pub(crate) struct Enroll {
    /// The relay's directory.
    #[arg(long)]
    pub(crate) dir: PathBuf,
    /// The request file, of a tablet or of an edge relay. An edge relay's needs nothing else said about it.
    #[arg(long)]
    pub(crate) request: PathBuf,
    /// The facility's name. A name given before is the same facility.
    #[arg(long)]
    pub(crate) facility: Option<String>,
    /// The facility's kind, such as visiting-nurse-station, pharmacy, hospital, evacuation-site.
    #[arg(long)]
    pub(crate) facility_kind: Option<String>,
    /// A staff member's name; may be given several times, each followed by --profession. A name given before at this
    /// facility is the same member.
    #[arg(long = "member")]
    pub(crate) members: Vec<String>,
    /// The profession of the member before it, such as nurse, pharmacist, physician, care-manager.
    #[arg(long = "profession")]
    pub(crate) professions: Vec<String>,
    /// The tablet may enrol other devices and members of its facility.
    #[arg(long)]
    pub(crate) administrator: bool,
    /// The tablet is an evacuation site's.
    #[arg(long)]
    pub(crate) evacuation_site: bool,
    /// Where to write the bundle.
    #[arg(long)]
    pub(crate) out: PathBuf,
    #[command(flatten)]
    pub(crate) passphrase: PassphraseSource,
}

#[derive(Debug, Args)]
pub(crate) struct Ask {
    /// Directory to make the edge relay in.
    #[arg(long)]
    pub(crate) dir: PathBuf,
    /// The relay's name.
    #[arg(long)]
    pub(crate) relay_name: String,
    /// Address to listen on.
    #[arg(long, default_value = "0.0.0.0:4433")]
    pub(crate) listen: SocketAddr,
    /// Where tablets find the relay, host:port; may be given several times. Default: the address it listens on.
    #[arg(long = "address")]
    pub(crate) addresses: Vec<String>,
    /// Where to write the request.
    #[arg(long)]
    pub(crate) out: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct Join {
    /// The edge relay's directory.
    #[arg(long)]
    pub(crate) dir: PathBuf,
    /// The bundle that the region answered with.
    #[arg(long)]
    pub(crate) bundle: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// The relay's directory.
    #[arg(long)]
    pub(crate) dir: PathBuf,
    /// Address to listen on, instead of the one in relay.toml.
    #[arg(long)]
    pub(crate) listen: Option<SocketAddr>,
    /// The relay above this one, host:port, instead of those in relay.toml; several addresses of it may be given.
    #[arg(long)]
    pub(crate) upstream: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct PublishDirectory {
    /// The relay's directory.
    #[arg(long)]
    pub(crate) dir: PathBuf,
    /// The list, as CSV in UTF-8 or Shift_JIS. The first line names the columns: 名称 (needed), 種別, サービス (several with 、 between), 住所, 電話, 時間, 定員,
    /// 備考, 緯度, 経度; or name, kind, services, address, phone, hours, capacity, comment, latitude, longitude.
    #[arg(long)]
    pub(crate) csv: PathBuf,
    /// Lines of the map, such as the coast, as CSV with the columns 線 (line), 緯度 (latitude), 経度 (longitude): points of one line have the same name.
    /// A name with one point is written there without a line.
    #[arg(long)]
    pub(crate) outline: Option<PathBuf>,
    /// Its number, where the relay was set up again from an old copy: greater than the one that tablets show.
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..=MAX_DIRECTORY_SERIAL))]
    pub(crate) serial: Option<u64>,
    #[command(flatten)]
    pub(crate) passphrase: PassphraseSource,
}

#[derive(Debug, Args)]
pub(crate) struct Status {
    /// The relay's directory.
    #[arg(long)]
    pub(crate) dir: PathBuf,
    /// One JSON object instead of text.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct PassphraseSource {
    /// File that holds the passphrase of the region's root key; asked for at the terminal when absent.
    #[arg(long)]
    pub(crate) passphrase_file: Option<PathBuf>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }
}
