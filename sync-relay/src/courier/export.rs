//! Writing a courier file from a relay's store: statements, then cards, then charts, then pieces of attachments, each in order of arrival.

use std::fs::File;
use std::path::Path;

use tendenko_protocol::courier::{Header, Maker, Outgoing, Totals};
use tendenko_protocol::document::Scope;
use tendenko_protocol::domains::COURIER_VERSION;
use tendenko_protocol::ids::{ArrivalNo, Millis, RegionId};
use tendenko_protocol::messages::{Item, Lane};

use super::{CourierError, Progress, Request, go_on};
use crate::store::{Audience, Item as Stored, ItemKind, PageLimit, RelayStore, Selection, Subject};
use crate::trust::Trust;

/// What is read from the store at a time.
const PAGE: PageLimit = PageLimit { bytes: 1 << 20, looked_at: 20_000 };

/// Where a file's items come from.
pub(super) struct Source<'a> {
    pub(super) store: &'a dyn RelayStore,
    pub(super) trust: &'a Trust,
    pub(super) region: RegionId,
    pub(super) maker: Maker,
}

impl Source<'_> {
    pub(super) fn write(
        &self,
        request: &Request,
        now: Millis,
        path: &Path,
        file: &mut File,
        progress: Progress<'_>,
    ) -> Result<Totals, CourierError> {
        let failed = |source| CourierError::File { path: path.into(), source };
        // What arrives while this runs is left for the next file: otherwise a record could be in it without the grant it needs.
        let newest = self.store.newest()?;
        let after = match request.since {
            Some(since) => self.store.arrived_before(since)?,
            None => ArrivalNo::NONE,
        };
        let Request { for_whom, since, .. } = request.clone();
        let (region, maker) = (self.region, self.maker);
        let header = Header { version: COURIER_VERSION, region, created: now, maker, for_whom, since };
        let mut outgoing = Outgoing::begin(file, &header);
        let wants = |subject: &Subject| self.trust.with(|set| request.for_whom.wants(set, subject.0, subject.1));
        let in_scope = |scope| move |subject: &Subject| subject.1 == scope && wants(subject);

        let mut put = |item: &Item| outgoing.put(item).map(|()| outgoing.totals()).map_err(failed);
        let mut totals = Totals::default();
        // Certificates from the beginning, also for whoever has none yet; grants as asked for.
        self.each(None, &wants, ArrivalNo::NONE, newest, &mut |item| {
            let wanted = item.audience == Audience::Everyone || item.arrival > after;
            if item.kind == ItemKind::Statement && wanted {
                totals = put(&Item::Statement(item.bytes))?;
                go_on(progress(totals))?;
            }
            Ok(())
        })?;
        for scope in [Scope::Card, Scope::Chart] {
            self.each(None, &in_scope(scope), after, newest, &mut |item| {
                if item.kind == ItemKind::Record {
                    totals = put(&Item::Record(item.bytes))?;
                    go_on(progress(totals))?;
                }
                Ok(())
            })?;
        }
        if request.attachments {
            self.each(Some(Lane::Attachments), &wants, after, newest, &mut |item| {
                totals = put(&Item::Chunk(item.bytes))?;
                go_on(progress(totals))
            })?;
        }
        let (totals, _) = outgoing.finish().map_err(failed)?;
        Ok(totals)
    }

    /// Every stored item of these subjects, and what is for everyone, in order of arrival.
    fn each(
        &self,
        lane: Option<Lane>,
        wanted: &dyn Fn(&Subject) -> bool,
        mut after: ArrivalNo,
        through: ArrivalNo,
        take: &mut dyn FnMut(Stored) -> Result<(), CourierError>,
    ) -> Result<(), CourierError> {
        loop {
            let page = self.store.page(Selection::Granted(lane, wanted), after, through, PAGE)?;
            page.items.into_iter().try_for_each(&mut *take)?;
            after = page.through;
            if page.complete {
                return Ok(());
            }
        }
    }
}
