//! Statements of a batch, and the keys that grants among them open.

use tendenko_protocol::admission::admit_statement;
use tendenko_protocol::courier::Fate;
use tendenko_protocol::ids::StatementId;
use tendenko_protocol::record::RejectReason;
use tendenko_protocol::trust::{Added, Claim, Grant};

use super::{Batch, Door};
use crate::documents::Workspace;
use crate::replica::Replica;
use crate::store::{StoreError, outbox, records, statements};

impl Replica {
    /// Opens every grant to this tablet whose key is not held yet. Before a session, and after recovery.
    pub(crate) fn open_grants(&self) -> Result<(), StoreError> {
        let mut batch = Batch::default();
        let mut writer = self.writer();
        let mut work = self.workspace(&mut writer)?;
        self.take_all_keys(&mut work, &mut batch)?;
        self.merge_payloads(&mut work, &mut batch.payloads, &mut batch.changed)?;
        work.commit()?;
        drop(writer);
        self.tell_changed(batch.changed);
        Ok(())
    }

    pub(super) fn take_statement(
        &self,
        work: &mut Workspace<'_>,
        bytes: &[u8],
        batch: &mut Batch,
    ) -> Result<(), StoreError> {
        // Into memory before it is on disk: should the transaction fail, the set in memory only knows more.
        let id = StatementId::of(bytes);
        let added = match batch.door {
            Door::Relay => self.trust_mut().add(bytes).map_err(|error| {
                tracing::warn!(statement = %id, %error, "a statement was not taken");
                RejectReason::Malformed
            }),
            Door::Courier => admit_statement(bytes, &mut self.trust_mut()),
        };
        if let Err(reason) = added {
            batch.stored.bogus += 1;
            batch.rejected += u64::from(batch.door == Door::Relay);
            batch.fates.push(Fate::Refused(reason));
            return Ok(());
        }
        let row = statements::insert(work.connection(), bytes)?;
        batch.fates.push(if added == Ok(Added::Known) { Fate::Known } else { Fate::New });
        if batch.door == Door::Courier && added == Ok(Added::New) {
            // No relay may have it: the tablet that wrote the file may be gone for good.
            outbox::add_statement(work.connection(), row)?;
        }
        let named = match self.trust().statement(&id).map(|statement| &statement.claim) {
            Some(Claim::Grant(grant)) if grant.device == self.device_id() => Some((grant.patient, grant.scope)),
            _ => None,
        };
        if let (Ok(Added::New), Some((patient, scope))) = (&added, named) {
            // Whether it holds already or not: what makes it hold may have passed before this tablet could see it.
            statements::owe_backfill(work.connection(), patient, scope)?;
            if !batch.stored.new_grants.contains(&(patient, scope)) {
                batch.stored.new_grants.push((patient, scope));
            }
        }
        let mine: Vec<Grant> = {
            let trust = self.trust();
            match trust.statement(&id).map(|statement| &statement.claim) {
                // Also a grant to somebody else: it may be what makes an earlier one to this tablet valid.
                Some(Claim::Grant(grant)) => trust
                    .grants_of(grant.patient, grant.scope)
                    .filter(|valid| valid.grant.device == self.device_id())
                    .map(|valid| valid.grant.clone())
                    .collect(),
                // A certificate, or a statement whose issuer is not known yet: others may follow from it.
                _ => {
                    batch.look_again = true;
                    Vec::new()
                }
            }
        };
        mine.iter().try_for_each(|grant| self.take_key(work, grant, batch))
    }

    pub(super) fn take_all_keys(&self, work: &mut Workspace<'_>, batch: &mut Batch) -> Result<(), StoreError> {
        let grants: Vec<Grant> = self.trust().grants_for(self.device_id()).map(|grant| grant.grant.clone()).collect();
        grants.iter().try_for_each(|grant| self.take_key(work, grant, batch))
    }

    /// Opens a grant, remembers that older records are to come, and applies what waited for the key.
    fn take_key(&self, work: &mut Workspace<'_>, grant: &Grant, batch: &mut Batch) -> Result<(), StoreError> {
        if statements::has_key(work.connection(), grant.key)? {
            return Ok(());
        }
        let key = match self.keys.unwrap(grant) {
            Ok(key) => key,
            Err(error) => {
                tracing::warn!(key = %grant.key, %error, "a grant does not open");
                return Ok(());
            }
        };
        statements::insert_key(work.connection(), grant.patient, grant.scope, key.id, &*key.to_secret_bytes())?;
        statements::owe_backfill(work.connection(), grant.patient, grant.scope)?;
        if !batch.stored.new_grants.contains(&(grant.patient, grant.scope)) {
            batch.stored.new_grants.push((grant.patient, grant.scope));
        }
        for (row, bytes) in records::waiting_for(work.connection(), key.id)? {
            self.retry(work, row, bytes, &key, &mut batch.payloads)?;
        }
        Ok(())
    }
}
