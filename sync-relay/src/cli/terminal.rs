//! Passphrases from a file or a person, and where log lines go.

use std::io::IsTerminal;
use std::path::Path;

use tendenko_relay::{Passphrase, SealingError};
use tracing_subscriber::EnvFilter;

use super::args::{LogFormat, PassphraseSource};

#[derive(Debug, thiserror::Error)]
pub(crate) enum PassphraseError {
    #[error("the passphrase file {0} cannot be read: {1}")]
    File(String, std::io::Error),
    #[error("no terminal to ask for the passphrase at: give --passphrase-file")]
    NoTerminal,
    #[error("the terminal failed: {0}")]
    Terminal(std::io::Error),
    #[error("the two passphrases differ: nothing was made, try again")]
    Differ,
    #[error(transparent)]
    Unfit(#[from] SealingError),
}

/// Gets the passphrase; a new one is asked for twice.
pub(crate) fn passphrase(source: &PassphraseSource, new: bool) -> Result<Passphrase, PassphraseError> {
    if let Some(path) = &source.passphrase_file {
        return Ok(Passphrase::new(read(path)?)?);
    }
    if !std::io::stdin().is_terminal() {
        return Err(PassphraseError::NoTerminal);
    }
    let ask = |prompt: &str| rpassword::prompt_password(prompt).map_err(PassphraseError::Terminal);
    let typed = ask("Passphrase of the region's root key: ")?;
    if new && zeroize::Zeroizing::new(ask("Once more: ")?).as_str() != typed {
        return Err(PassphraseError::Differ);
    }
    Ok(Passphrase::new(typed)?)
}

fn read(path: &Path) -> Result<Vec<u8>, PassphraseError> {
    use std::io::Read;
    let mut bytes = Vec::new();
    std::fs::File::open(path)
        .and_then(|file| file.take(4096).read_to_end(&mut bytes))
        .map_err(|error| PassphraseError::File(path.display().to_string(), error))?;
    Ok(bytes)
}

/// Sends log lines to standard error, chosen by RUST_LOG.
pub(crate) fn log(format: LogFormat) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match format {
        LogFormat::Text => lines.with_ansi(std::io::stderr().is_terminal()).init(),
        LogFormat::Json => lines.json().init(),
    }
}
