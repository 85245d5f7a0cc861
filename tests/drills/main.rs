//! Drills: the relay and the tablets as separate processes, and everything that can happen to them.

mod attachments;
mod convergence;
mod courier;
mod crowd;
mod edge;
mod first;
mod hostile;
mod kill;
mod links;
mod loss;
mod multicast;
mod secrecy;
mod site;
mod storm;
mod tsunami;

/// What a drill returns.
type Drill = Result<(), Box<dyn std::error::Error + Send + Sync>>;
