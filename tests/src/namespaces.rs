//! Two network namespaces with a cable between them: two machines in one network, as far as programs can tell.

use std::process::{Command, Stdio};

/// Addresses of the two ends.
const ADDRESSES: [&str; 2] = ["10.77.31.1/24", "10.77.31.2/24"];

/// The namespaces; they are gone when this is dropped.
pub struct Namespaces {
    names: [String; 2],
}

impl Namespaces {
    /// Makes them. `Err`: this kernel, or this user, may not; it says what was refused.
    pub fn join() -> Result<Self, String> {
        let id = std::process::id();
        let made = Self { names: [format!("tendenko-{id}-a"), format!("tendenko-{id}-b")] };
        let cables = [format!("tdk{id}a"), format!("tdk{id}b")];
        for name in &made.names {
            ip(&["netns", "add", name])?;
        }
        ip(&["link", "add", &cables[0], "type", "veth", "peer", "name", &cables[1]])?;
        for ((name, cable), address) in made.names.iter().zip(&cables).zip(ADDRESSES) {
            ip(&["link", "set", cable, "netns", name])?;
            ip(&["-n", name, "address", "add", address, "dev", cable])?;
            ip(&["-n", name, "link", "set", cable, "up", "multicast", "on"])?;
            ip(&["-n", name, "link", "set", "lo", "up"])?;
            ip(&["-n", name, "route", "add", "224.0.0.0/4", "dev", cable])?;
        }
        Ok(made)
    }

    /// What a program is started with so that it is in one of them: 0 or 1.
    pub fn launcher(&self, which: usize) -> [&str; 4] {
        ["ip", "netns", "exec", &self.names[which]]
    }
}

impl Drop for Namespaces {
    fn drop(&mut self) {
        for name in &self.names {
            // The cable goes with its ends.
            let _gone = ip(&["netns", "del", name]);
        }
    }
}

fn ip(args: &[&str]) -> Result<(), String> {
    let said = Command::new("ip").args(args).stdin(Stdio::null()).output().map_err(|error| error.to_string())?;
    match said.status.success() {
        true => Ok(()),
        false => Err(format!("ip {}: {}", args.join(" "), String::from_utf8_lossy(&said.stderr).trim())),
    }
}
