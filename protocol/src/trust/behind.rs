//! What grants rest on: of all that is said of a scope, the part that somebody needs who is to believe a few devices' grants.

use std::collections::BTreeSet;

use super::{GrantRef, Issuer, TrustStore};
use crate::document::Scope;
use crate::ids::{DeviceId, PatientId};

impl TrustStore {
    /// Of the grants of this scope that hold: those to `devices`, and whatever these hold by. Each behind those it holds by.
    pub fn grants_behind(
        &self,
        patient: PatientId,
        scope: Scope,
        mut devices: BTreeSet<DeviceId>,
    ) -> Vec<GrantRef<'_>> {
        let placed = |grant: GrantRef<'_>| self.place_of_grant(&grant.statement);
        let mut grants: Vec<_> = self.grants_of(patient, scope).collect();
        grants.sort_by_key(|grant| placed(*grant));
        // From the last to the first: what a grant holds by comes before it.
        let mut behind: Vec<_> = grants
            .into_iter()
            .rev()
            .filter(|found| {
                let wanted = devices.contains(&found.grant.device);
                if let Issuer::Device(issuer) = found.issuer
                    && wanted
                {
                    devices.insert(issuer);
                }
                wanted
            })
            .collect();
        behind.reverse();
        behind
    }
}

#[cfg(test)]
mod tests {
    use ring::rand::SystemRandom;

    use super::*;
    use crate::ids::{FacilityId, Millis, PatientOrigin};
    use crate::keys::{DeviceKeys, EpochKey, RegionKeys};
    use crate::trust::{Claim, Device, Facility, Grant, sign};

    struct Team {
        rng: SystemRandom,
        set: TrustStore,
        members: Vec<DeviceKeys>,
        origin: PatientOrigin,
    }

    impl Team {
        fn new() -> Self {
            let rng = SystemRandom::new();
            let region = RegionKeys::generate(&rng).unwrap();
            let mut set = TrustStore::new(region.public());
            let facility = FacilityId([1; 16]);
            let mut say = |claim| set.add(sign(&region, Millis(1), claim).unwrap().bytes()).unwrap();
            say(Claim::Facility(Facility { id: facility, name: "訪問看護".into(), kind: "visiting-nurse".into() }));
            let members: Vec<_> = (0..5).map(|_| DeviceKeys::generate(&rng).unwrap()).collect();
            for keys in &members {
                let public = keys.public();
                say(Claim::Device(Device {
                    id: keys.device_id(),
                    facility,
                    label: "t".into(),
                    signing: public.signing,
                    hpke: public.hpke,
                    administrator: false,
                    evacuation_site: false,
                }));
            }
            let origin = PatientOrigin::generate(&rng, members[0].device_id()).unwrap();
            Self { rng, set, members, origin }
        }

        fn grant(&mut self, from: usize, to: usize, scope: Scope) {
            let key = EpochKey::generate(&self.rng).unwrap();
            let public = self.members[to].public();
            let (device, hpke) = (self.members[to].device_id(), public.hpke);
            let grant = Grant::wrap(&self.rng, &key, self.origin, scope, device, &hpke, "", true).unwrap();
            let signed = sign(&self.members[from], Millis(1), Claim::Grant(grant)).unwrap();
            self.set.add(signed.bytes()).unwrap();
        }

        /// Who gave to whom, by number.
        fn behind(&self, devices: &[usize]) -> Vec<(usize, usize)> {
            let number = |id| self.members.iter().position(|keys| keys.device_id() == id).unwrap();
            let devices = devices.iter().map(|device| self.members[*device].device_id()).collect();
            let found = self.set.grants_behind(self.origin.patient(), Scope::Card, devices);
            let pair = |grant: &GrantRef<'_>| match grant.issuer {
                Issuer::Device(issuer) => (number(issuer), number(grant.grant.device)),
                Issuer::Region => unreachable!("the region grants nothing here"),
            };
            found.iter().map(pair).collect()
        }
    }

    #[test]
    fn a_grant_comes_with_those_it_holds_by_and_no_others() {
        let mut team = Team::new();
        for (from, to) in [(2, 3), (1, 2), (0, 1), (0, 4)] {
            team.grant(from, to, Scope::Card);
            team.grant(from, to, Scope::Chart);
        }
        assert_eq!(team.behind(&[3]), [(0, 1), (1, 2), (2, 3)]);
        assert_eq!(team.behind(&[1]), [(0, 1)]);
        assert_eq!(team.behind(&[4]), [(0, 4)]);
        assert_eq!(team.behind(&[]), []);
    }

    #[test]
    fn what_does_not_hold_is_not_among_them() {
        let mut team = Team::new();
        team.grant(2, 3, Scope::Card);
        assert_eq!(team.behind(&[3]), []);
        // Everything those hold by, not what others were given in a circle.
        for (from, to) in [(0, 1), (1, 2), (2, 1)] {
            team.grant(from, to, Scope::Card);
        }
        assert_eq!(team.behind(&[3]), [(0, 1), (1, 2), (2, 3)]);
    }
}
