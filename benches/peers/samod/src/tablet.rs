//! One tablet: a repo in a folder.

use std::collections::HashMap;
use std::str::FromStr as _;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use automerge::transaction::Transactable as _;
use automerge::{Automerge, AutomergeError, ObjType, ROOT, ReadDoc as _};
use futures::StreamExt as _;
use samod::storage::TokioFilesystemStorage;
use samod::{BackoffConfig, DialerHandle, DocHandle, DocumentId, Repo, ShareConfig};
use serde_json::{Value, json};
use tendenko_workload::tablets::{Arrived, Book, Failure, Place, Tablet, card_of};
use tendenko_workload::{Body, Patient, Record};

/// How long a document that the server does not have yet is left alone before it is asked for again.
const ASK_AGAIN: Duration = Duration::from_millis(200);

/// A tablet.
pub struct Peer {
    repo: Repo,
    arrived: Arrived,
    charts: Mutex<HashMap<String, DocHandle>>,
    cards: Mutex<Vec<DocHandle>>,
    dialer: Mutex<Option<DialerHandle<std::convert::Infallible>>>,
}

impl Tablet for Peer {
    async fn open(place: Place, patients: Vec<Patient>, book: &Book, arrived: Arrived) -> Result<Self, Failure> {
        let repo = Repo::build_tokio()
            .with_storage(TokioFilesystemStorage::new(place.folder.join("store")))
            .with_share_policy(ShareConfig::read_write())
            .load()
            .await;
        let this =
            Self { repo, arrived, charts: Mutex::default(), cards: Mutex::default(), dialer: Mutex::default() };
        this.follow(patients, book).await?;
        Ok(this)
    }

    async fn create(&self, patient: &Patient) -> Result<Value, Failure> {
        let mut card = Automerge::new();
        let text = serde_json::to_string(&patient.card)?;
        card.transact::<_, _, AutomergeError>(|edit| edit.put(ROOT, "card", text)).map_err(|failed| failed.error)?;
        let mut chart = Automerge::new();
        chart
            .transact::<_, _, AutomergeError>(|edit| edit.put_object(ROOT, "records", ObjType::Map))
            .map_err(|failed| failed.error)?;
        let card = self.repo.create(card).await?;
        let chart = self.repo.create(chart).await?;
        let address = json!({"card": card.document_id().to_string(), "chart": chart.document_id().to_string()});
        self.cards.lock().unwrap_or_else(PoisonError::into_inner).push(card);
        self.watch(&patient.patient, chart);
        Ok(address)
    }

    async fn follow(&self, patients: Vec<Patient>, book: &Book) -> Result<(), Failure> {
        let found = patients.iter().map(|patient| async move {
            let address = book.get(&patient.patient).ok_or("a patient without address")?;
            let (card, chart) = futures::try_join!(
                async {
                    let card = self.find(&address["card"]).await?;
                    self.arrived.tell(&patient.patient, &card_of(patient));
                    Ok::<_, Failure>(card)
                },
                self.find(&address["chart"])
            )?;
            self.cards.lock().unwrap_or_else(PoisonError::into_inner).push(card);
            self.watch(&patient.patient, chart);
            Ok::<_, Failure>(())
        });
        futures::future::try_join_all(found).await?;
        Ok(())
    }

    async fn write(&self, record: &Record, patient: &Patient) -> Result<(), Failure> {
        let chart = self.charts.lock().unwrap_or_else(PoisonError::into_inner)[&patient.patient].clone();
        let (id, text) = (record.id.clone(), serde_json::to_string(&record.body)?);
        chart
            .with_document_async(move |document| {
                document
                    .transact::<_, _, AutomergeError>(|edit| {
                        let records = edit.get(ROOT, "records")?.ok_or(AutomergeError::Fail)?.1;
                        edit.put(&records, id, text)
                    })
                    .map(drop)
                    .map_err(|failed| failed.error)
            })
            .await??;
        Ok(())
    }

    async fn connect(&self, url: &str) -> Result<(), Failure> {
        let handle = self.repo.dial(BackoffConfig::default(), crate::dialer(url)?)?;
        handle.established().await.map_err(|_| "the server is not there")?;
        *self.dialer.lock().unwrap_or_else(PoisonError::into_inner) = Some(handle);
        Ok(())
    }

    async fn up_to_date(&self) -> Result<(), Failure> {
        let connection = {
            let dialer = self.dialer.lock().unwrap_or_else(PoisonError::into_inner);
            dialer.as_ref().and_then(DialerHandle::connection_id).ok_or("not connected")?
        };
        let mut documents = self.cards.lock().unwrap_or_else(PoisonError::into_inner).clone();
        documents.extend(self.charts.lock().unwrap_or_else(PoisonError::into_inner).values().cloned());
        let known = documents.iter().map(|document| {
            let (ours, theirs) =
                (document.they_have_our_changes(connection), document.we_have_their_changes(connection));
            async move { tokio::join!(ours, theirs) }
        });
        futures::future::join_all(known).await;
        Ok(())
    }

    /// samod writes a change as soon as it is made or received, and has no word for having written it; what a killed process
    /// leaves on disk is looked at afterwards.
    async fn flush(&self) -> Result<(), Failure> {
        Ok(())
    }

    async fn records(&self) -> Result<Vec<(String, String)>, Failure> {
        let charts: Vec<DocHandle> =
            self.charts.lock().unwrap_or_else(PoisonError::into_inner).values().cloned().collect();
        let mut found = Vec::new();
        for chart in charts {
            for (id, text) in chart.with_document_async(|document| entries(document)).await? {
                let body: Body = serde_json::from_str(&text)?;
                found.push((id, body.note));
            }
        }
        Ok(found)
    }

    async fn disconnect(&self) -> Result<(), Failure> {
        self.repo.stop().await;
        Ok(())
    }
}

impl Peer {
    async fn find(&self, id: &Value) -> Result<DocHandle, Failure> {
        let id = DocumentId::from_str(id.as_str().unwrap_or_default()).map_err(|_| "not a document id")?;
        loop {
            if let Some(handle) = self.repo.find(id.clone()).await? {
                return Ok(handle);
            }
            tokio::time::sleep(ASK_AGAIN).await;
        }
    }

    fn watch(&self, patient: &str, chart: DocHandle) {
        let mut changes = Box::pin(chart.changes());
        let (arrived, watched, whose) = (self.arrived.clone(), chart.clone(), patient.to_owned());
        tokio::spawn(async move {
            loop {
                let wanted = arrived.wanted_of(&whose);
                let there = watched.with_document_async(move |document| present(document, wanted)).await;
                there.unwrap_or_default().iter().for_each(|id| arrived.tell(&whose, id));
                if changes.next().await.is_none() {
                    break;
                }
            }
        });
        self.charts.lock().unwrap_or_else(PoisonError::into_inner).insert(patient.to_owned(), chart);
    }
}

/// Which of these records the chart has.
fn present(document: &Automerge, mut ids: Vec<String>) -> Vec<String> {
    let Ok(Some((_, records))) = document.get(ROOT, "records") else { return Vec::new() };
    ids.retain(|id| matches!(document.get(&records, id.as_str()), Ok(Some(_))));
    ids
}

fn entries(document: &Automerge) -> Vec<(String, String)> {
    let Ok(Some((_, records))) = document.get(ROOT, "records") else { return Vec::new() };
    let text = |key: &str| Some(document.get(&records, key).ok()??.0.as_str()?.to_owned());
    document.keys(&records).filter_map(|key| Some((key.clone(), text(&key)?))).collect()
}
