//! Who is who in a region, and who may read what: signed statements as a set that only grows.
//!
//! The same statements give the same certificates and grants, whatever the order they come in and however often they come.
//! Nothing needs a server or a consensus. If this did not hold, two tablets with the same statements would disagree about who
//! may read a patient.

mod behind;
mod certificates;
mod directory;
mod enrolment;
mod grants;
mod late;
mod relay_request;
mod statement;
mod store;

pub use directory::{HealthcareService, MapLine, Place, ServiceDirectory};
pub use enrolment::{EnrolmentBundle, EnrolmentError, EnrolmentRequest, RelayAddress};
pub use late::LateGrants;
pub use relay_request::RelayRequest;
pub use statement::{
    Claim, Device, Facility, Grant, Issuer, Member, Relay, Revocation, SignedStatement, Signer, Statement, TrustError,
    UnverifiedStatement, sign,
};
pub use store::{Added, DeviceCert, GrantRef, TrustStore};
