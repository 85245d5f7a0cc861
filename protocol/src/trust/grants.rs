//! Which grants hold. Per patient and scope, a fixed point over the grants known: order cannot matter.
//!
//! A grant holds if it is from the region, or from the device that created the patient, or from a device that itself holds
//! a grant of that patient and scope that allows sharing. An issuing device must be certified; that it was revoked later does
//! not undo what it gave, or a lost tablet would take its patients' records from everyone.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use super::certificates::Certificates;
use super::{Claim, Grant, Issuer, Statement};
use crate::document::Scope;
use crate::ids::{DeviceId, PatientId, StatementId};

#[derive(Debug, Clone, Default)]
struct Group {
    grants: BTreeSet<StatementId>,
    valid: OnceLock<Valid>,
}

#[derive(Debug, Clone, Default)]
struct Valid {
    /// Each with its place in an order in which every one holds by those before it.
    grants: BTreeMap<StatementId, usize>,
    recipients: BTreeSet<DeviceId>,
}

/// An index of grants, and which of them hold.
#[derive(Debug, Clone, Default)]
pub(super) struct Grants {
    groups: BTreeMap<(PatientId, Scope), Group>,
    recipients: BTreeMap<DeviceId, BTreeSet<(PatientId, Scope)>>,
}

/// What evaluation needs to look up.
pub(super) struct Context<'a> {
    pub(super) known: &'a BTreeMap<StatementId, super::store::Known>,
    pub(super) certificates: &'a Certificates,
}

impl<'a> Context<'a> {
    fn grant(&self, id: &StatementId) -> Option<(&'a Statement, &'a Grant)> {
        let statement = &self.known.get(id)?.statement;
        match &statement.claim {
            Claim::Grant(grant) => Some((statement, grant)),
            _ => None,
        }
    }
}

impl Grants {
    pub(super) fn insert(&mut self, id: StatementId, grant: &Grant) {
        let group = self.groups.entry((grant.patient, grant.scope)).or_default();
        group.grants.insert(id);
        group.valid = OnceLock::new();
        self.recipients.entry(grant.device).or_default().insert((grant.patient, grant.scope));
    }

    /// A device was certified: what was decided may be decided otherwise.
    pub(super) fn reconsider(&mut self) {
        for group in self.groups.values_mut() {
            group.valid = OnceLock::new();
        }
    }

    pub(super) fn holds(&self, context: &Context<'_>, device: DeviceId, patient: PatientId, scope: Scope) -> bool {
        self.valid(context, patient, scope).is_some_and(|valid| valid.recipients.contains(&device))
    }

    /// The place of a grant that holds, in an order in which each holds by those before it.
    pub(super) fn place(&self, context: &Context<'_>, id: &StatementId, grant: &Grant) -> Option<usize> {
        self.valid(context, grant.patient, grant.scope)?.grants.get(id).copied()
    }

    pub(super) fn of<'s>(
        &'s self,
        context: &Context<'_>,
        patient: PatientId,
        scope: Scope,
    ) -> impl Iterator<Item = StatementId> + use<'s> {
        self.valid(context, patient, scope).into_iter().flat_map(|valid| valid.grants.keys().copied())
    }

    /// Patients and scopes of which some grant, valid or not, names this device.
    pub(super) fn named(&self, device: DeviceId) -> impl Iterator<Item = (PatientId, Scope)> + '_ {
        self.recipients.get(&device).into_iter().flatten().copied()
    }

    fn valid(&self, context: &Context<'_>, patient: PatientId, scope: Scope) -> Option<&Valid> {
        let group = self.groups.get(&(patient, scope))?;
        Some(group.valid.get_or_init(|| fixed_point(context, &group.grants)))
    }
}

fn fixed_point(context: &Context<'_>, grants: &BTreeSet<StatementId>) -> Valid {
    let mut valid = Valid::default();
    let mut sharers = BTreeSet::new();
    let mut open: Vec<_> = grants.iter().filter_map(|id| Some((*id, context.grant(id)?))).collect();
    loop {
        let before = open.len();
        open.retain(|(id, (statement, grant))| {
            let holds = match statement.issuer {
                Issuer::Region => true,
                Issuer::Device(issuer) => {
                    context.certificates.devices.contains_key(&issuer)
                        && (issuer == grant.origin.device || sharers.contains(&issuer))
                }
            };
            if holds {
                valid.grants.insert(*id, valid.grants.len());
                valid.recipients.insert(grant.device);
                if grant.may_share {
                    sharers.insert(grant.device);
                }
            }
            !holds
        });
        if open.len() == before {
            return valid;
        }
    }
}
