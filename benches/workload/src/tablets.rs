//! The tablets of one contestant, all in this process, driven by orders: one JSON object a line on standard input, one answer
//! a line on standard output. The programs written in JavaScript do the same (`benches/peers/common/tablets.mjs`).
//!
//! What a tablet must hold is decided by the workload, and only what became readable through [`Arrived`] counts, never what
//! a protocol says of itself.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs;
use std::future::Future;
use std::io::{BufRead, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::{Patient, Record, Tally, patients, records};

/// Between two single edits: what the one before still has to write is written by then. Nobody saves faster.
const BETWEEN_EDITS: Duration = Duration::from_millis(30);

/// Whatever stops a contestant.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// A tablet of one contestant.
pub trait Tablet: Sized + Send + Sync + 'static {
    /// Opens what it holds, without a network.
    fn open(
        place: Place,
        patients: Vec<Patient>,
        book: &Book,
        arrived: Arrived,
    ) -> impl Future<Output = Result<Self, Failure>> + Send;

    /// Makes a patient; returns where the others find it.
    fn create(&self, patient: &Patient) -> impl Future<Output = Result<Value, Failure>> + Send;

    /// Gives a patient made here, with all its history, to tablets that come later. Returns when it has left.
    fn entitle(&self, _patient: &Patient) -> impl Future<Output = Result<(), Failure>> + Send {
        std::future::ready(Ok(()))
    }

    /// Returns when nothing is fetched any more, not even what everything readable could do without.
    fn settle(&self) -> impl Future<Output = Result<(), Failure>> + Send {
        std::future::ready(Ok(()))
    }

    /// Begins to take part in patients it does not hold yet, the first of them first.
    fn follow(&self, patients: Vec<Patient>, book: &Book) -> impl Future<Output = Result<(), Failure>> + Send;

    /// Writes a record; returns when it is as durable as the contestant makes it.
    fn write(&self, record: &Record, patient: &Patient) -> impl Future<Output = Result<(), Failure>> + Send;

    /// Begins to exchange.
    fn connect(&self, url: &str) -> impl Future<Output = Result<(), Failure>> + Send;

    /// Returns when its own protocol says that nothing is new.
    fn up_to_date(&self) -> impl Future<Output = Result<(), Failure>> + Send;

    /// Returns when everything it holds is in its store, and everything it wrote is with the server, as far as its protocol tells.
    fn flush(&self) -> impl Future<Output = Result<(), Failure>> + Send;

    /// Ids and notes of everything held, read from the documents.
    fn records(&self) -> impl Future<Output = Result<Vec<(String, String)>, Failure>> + Send;

    /// Ends the exchange.
    fn disconnect(&self) -> impl Future<Output = Result<(), Failure>> + Send;
}

/// Where a tablet lies.
#[derive(Debug, Clone)]
pub struct Place {
    /// Its number.
    pub index: usize,
    /// Its folder.
    pub folder: PathBuf,
}

/// Tells that something became readable on a tablet: a record by its id, a medication list by `card:<patient>`.
#[derive(Clone)]
pub struct Arrived {
    tablet: usize,
    wanted: Arc<Wanted>,
}

impl Arrived {
    /// A record or the medication list of a patient is readable.
    pub fn tell(&self, patient: &str, id: &str) {
        self.wanted.arrived(self.tablet, patient, id);
    }

    /// What of a patient is still waited for on this tablet.
    pub fn wanted_of(&self, patient: &str) -> Vec<String> {
        let state = self.wanted.lock();
        let of = state.missing.get(&self.tablet).and_then(|patients| patients.get(patient));
        of.map(|ids| ids.iter().cloned().collect()).unwrap_or_default()
    }

    /// Something of a patient that is still waited for on this tablet.
    pub fn any_wanted_of(&self, patient: &str) -> Option<String> {
        let state = self.wanted.lock();
        state.missing.get(&self.tablet)?.get(patient)?.iter().next().cloned()
    }

    /// Patients of whom something is still waited for on this tablet.
    pub fn wanted_patients(&self) -> Vec<String> {
        let state = self.wanted.lock();
        state.missing.get(&self.tablet).map(|patients| patients.keys().cloned().collect()).unwrap_or_default()
    }
}

/// Where the documents of a patient are found: what a region would keep in its directory of patients.
#[derive(Debug, Default)]
pub struct Book(BTreeMap<String, Value>);

impl Book {
    /// The address of a patient.
    pub fn get(&self, patient: &str) -> Option<&Value> {
        self.0.get(patient)
    }
}

#[derive(Default)]
struct Wanted {
    state: Mutex<Missing>,
    all_there: Notify,
}

#[derive(Default)]
struct Missing {
    /// By tablet and patient; what is empty is taken out.
    missing: HashMap<usize, HashMap<String, HashSet<String>>>,
    cards: Vec<(String, Instant)>,
}

impl Wanted {
    fn lock(&self) -> MutexGuard<'_, Missing> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn expect(&self, tablet: usize, patient: &str, id: &str) {
        let mut state = self.lock();
        let of = state.missing.entry(tablet).or_default().entry(patient.to_owned()).or_default();
        of.insert(id.to_owned());
    }

    fn arrived(&self, tablet: usize, patient: &str, id: &str) {
        let mut state = self.lock();
        let Some(patients) = state.missing.get_mut(&tablet) else { return };
        let Some(ids) = patients.get_mut(patient) else { return };
        if !ids.remove(id) {
            return;
        }
        if ids.is_empty() {
            patients.remove(patient);
        }
        if patients.is_empty() {
            state.missing.remove(&tablet);
        }
        if id.starts_with("card:") {
            state.cards.push((id.to_owned(), Instant::now()));
        }
        if state.missing.is_empty() {
            self.all_there.notify_waiters();
        }
    }

    async fn all(&self) {
        loop {
            let there = self.all_there.notified();
            tokio::pin!(there);
            // From here on no ring is missed.
            there.as_mut().enable();
            if self.lock().missing.is_empty() {
                return;
            }
            there.await;
        }
    }
}

/// A new tablet that is entitled to patients and holds nothing.
#[derive(Deserialize)]
struct Provision {
    tablet: usize,
    patients: Vec<usize>,
    url: String,
    first: usize,
    sets: Vec<String>,
    /// Seconds after which it is told how far it came.
    patience: f64,
}

#[derive(Deserialize)]
#[serde(tag = "do", rename_all = "lowercase")]
enum Order {
    Open { tablets: Vec<usize> },
    Prepare { url: String },
    Write { set: String },
    Recover { url: String, set: String },
    Nothing { url: String },
    Edits { count: usize },
    Provision(Provision),
    Settle,
    Digest,
    Disconnect,
    Stop,
}

/// Performs orders until told to stop or standard input ends.
pub async fn run<T: Tablet>(dir: &Path, workload: &Path) -> Result<(), Failure> {
    let book = fs::read(dir.join("documents.json")).ok();
    let book = book.map(|bytes| serde_json::from_slice(&bytes)).transpose()?.unwrap_or_default();
    let mut driver: Driver<T> = Driver {
        dir: dir.to_owned(),
        workload: workload.to_owned(),
        patients: patients(workload)?,
        book: Book(book),
        tablets: BTreeMap::new(),
        wanted: Arc::default(),
    };
    let (send, mut orders) = tokio::sync::mpsc::unbounded_channel();
    std::thread::spawn(move || {
        std::io::stdin().lock().lines().map_while(Result::ok).try_for_each(|line| send.send(line))
    });
    while let Some(line) = orders.recv().await {
        let order: Order = serde_json::from_str(&line)?;
        let last = matches!(order, Order::Stop);
        let answer = match driver.perform(order).await {
            Ok(mut answer) => {
                answer["ok"] = true.into();
                answer
            }
            Err(why) => json!({"ok": false, "error": why.to_string()}),
        };
        let mut out = std::io::stdout().lock();
        writeln!(out, "{answer}")?;
        out.flush()?;
        if last {
            break;
        }
    }
    Ok(())
}

/// The name under which a medication list is waited for.
pub fn card_of(patient: &Patient) -> String {
    format!("card:{}", patient.patient)
}

struct Driver<T> {
    dir: PathBuf,
    workload: PathBuf,
    patients: Vec<Patient>,
    book: Book,
    tablets: BTreeMap<usize, Arc<T>>,
    wanted: Arc<Wanted>,
}

impl<T: Tablet> Driver<T> {
    async fn perform(&mut self, order: Order) -> Result<Value, Failure> {
        match order {
            Order::Open { tablets } => self.open(&tablets).await,
            Order::Prepare { url } => self.prepare(&url).await,
            Order::Write { set } => self.write(&set).await,
            Order::Recover { url, set } => self.recover(&url, &set).await,
            Order::Nothing { url } => self.nothing(&url).await,
            Order::Edits { count } => self.edits(count).await,
            Order::Provision(order) => self.provision(&order).await,
            Order::Settle => {
                self.everywhere(|tablet| async move { tablet.settle().await }).await?;
                Ok(json!({}))
            }
            Order::Digest => self.digest().await,
            Order::Disconnect | Order::Stop => {
                for tablet in self.tablets.values() {
                    tablet.disconnect().await?;
                }
                Ok(json!({}))
            }
        }
    }

    fn of(&self, index: usize) -> Vec<Patient> {
        self.patients.iter().filter(|patient| patient.tablets.contains(&index)).cloned().collect()
    }

    async fn make(&mut self, index: usize, patients: Vec<Patient>) -> Result<Arc<T>, Failure> {
        let folder = self.dir.join(format!("tablet-{index}"));
        fs::create_dir_all(&folder)?;
        let arrived = Arrived { tablet: index, wanted: Arc::clone(&self.wanted) };
        let tablet = Arc::new(T::open(Place { index, folder }, patients, &self.book, arrived).await?);
        self.tablets.insert(index, Arc::clone(&tablet));
        Ok(tablet)
    }

    async fn open(&mut self, indexes: &[usize]) -> Result<Value, Failure> {
        for &index in indexes {
            self.make(index, self.of(index)).await?;
        }
        Ok(json!({}))
    }

    /// Makes the patients and their history, in rounds in which everybody writes and everybody receives. Not timed.
    async fn prepare(&mut self, url: &str) -> Result<Value, Failure> {
        let history = records(&self.workload, "history")?;
        let indexes: HashSet<usize> = self.patients.iter().flat_map(|patient| patient.tablets.clone()).collect();
        for index in indexes {
            self.make(index, Vec::new()).await?.connect(url).await?;
        }
        for patient in &self.patients {
            let address = self.tablets[&patient.tablets[0]].create(patient).await?;
            self.book.0.insert(patient.patient.clone(), address);
            for &index in &patient.tablets[1..] {
                self.wanted.expect(index, &patient.patient, &card_of(patient));
            }
        }
        fs::write(self.dir.join("documents.json"), serde_json::to_vec(&self.book.0)?)?;
        self.everywhere(|tablet| async move { tablet.flush().await }).await?;
        for (&index, tablet) in &self.tablets {
            let others = self.of(index).into_iter().filter(|patient| patient.tablets[0] != index).collect();
            tablet.follow(others, &self.book).await?;
        }
        self.wanted.all().await;
        let rounds = history.iter().map(|record| record.round).max().map_or(0, |last| last + 1);
        for round in 0..rounds {
            let set: Vec<Record> = history.iter().filter(|record| record.round == round).cloned().collect();
            self.expect_from_others(&set);
            self.write_all(set).await?;
            self.wanted.all().await;
        }
        self.everywhere(|tablet| async move { tablet.flush().await }).await?;
        for patient in &self.patients {
            self.tablets[&patient.tablets[0]].entitle(patient).await?;
        }
        Ok(json!({}))
    }

    fn expect_from_others(&self, set: &[Record]) {
        for record in set {
            for index in &self.patients[record.patient].tablets {
                if *index != record.tablet && self.tablets.contains_key(index) {
                    self.wanted.expect(*index, &self.patients[record.patient].patient, &record.id);
                }
            }
        }
    }

    /// Every tablet writes its own, one after the other; the tablets write beside each other.
    async fn write_all(&self, set: Vec<Record>) -> Result<(), Failure> {
        let mut by_tablet: HashMap<usize, Vec<(Record, Patient)>> = HashMap::new();
        for record in set {
            let patient = self.patients[record.patient].clone();
            by_tablet.entry(record.tablet).or_default().push((record, patient));
        }
        let mut running = tokio::task::JoinSet::new();
        for (index, mine) in by_tablet {
            if let Some(tablet) = self.tablets.get(&index).cloned() {
                running.spawn(async move {
                    for (record, patient) in &mine {
                        tablet.write(record, patient).await?;
                    }
                    Ok::<_, Failure>(())
                });
            }
        }
        while let Some(done) = running.join_next().await {
            done??;
        }
        Ok(())
    }

    async fn everywhere<F>(&self, perform: impl Fn(Arc<T>) -> F) -> Result<(), Failure>
    where
        F: Future<Output = Result<(), Failure>> + Send + 'static,
    {
        let mut running = tokio::task::JoinSet::new();
        for tablet in self.tablets.values() {
            running.spawn(perform(Arc::clone(tablet)));
        }
        while let Some(done) = running.join_next().await {
            done??;
        }
        Ok(())
    }

    async fn connect_all(&self, url: &str) -> Result<(), Failure> {
        let url: Arc<str> = url.into();
        self.everywhere(|tablet| {
            let url = Arc::clone(&url);
            async move { tablet.connect(&url).await }
        })
        .await
    }

    async fn write(&self, set: &str) -> Result<Value, Failure> {
        let mut fresh = records(&self.workload, set)?;
        fresh.retain(|record| self.tablets.contains_key(&record.tablet));
        let count = fresh.len();
        self.write_all(fresh).await?;
        Ok(json!({"records": count}))
    }

    /// All connect at once; done when every tablet can read everything the others wrote.
    async fn recover(&self, url: &str, set: &str) -> Result<Value, Failure> {
        self.expect_from_others(&records(&self.workload, set)?);
        let begin = Instant::now();
        self.connect_all(url).await?;
        self.wanted.all().await;
        let held = begin.elapsed().as_secs_f64();
        self.everywhere(|tablet| async move { tablet.flush().await }).await?;
        Ok(json!({"held": held, "stored": begin.elapsed().as_secs_f64()}))
    }

    async fn nothing(&self, url: &str) -> Result<Value, Failure> {
        let begin = Instant::now();
        self.connect_all(url).await?;
        self.everywhere(|tablet| async move { tablet.up_to_date().await }).await?;
        Ok(json!({"held": begin.elapsed().as_secs_f64()}))
    }

    /// One record after the other: written on one tablet, readable on another. Connected tablets.
    async fn edits(&self, count: usize) -> Result<Value, Failure> {
        let mut seconds = Vec::new();
        for record in records(&self.workload, "edits")?.into_iter().take(count) {
            let patient = &self.patients[record.patient];
            let reader = patient.tablets.iter().find(|index| **index != record.tablet).ok_or("no reader")?;
            self.wanted.expect(*reader, &patient.patient, &record.id);
            let begin = Instant::now();
            self.tablets[&record.tablet].write(&record, patient).await?;
            self.wanted.all().await;
            seconds.push(begin.elapsed().as_secs_f64());
            tokio::time::sleep(BETWEEN_EDITS).await;
        }
        self.everywhere(|tablet| async move { tablet.flush().await }).await?;
        Ok(json!({"seconds": seconds}))
    }

    async fn provision(&mut self, order: &Provision) -> Result<Value, Failure> {
        let chosen: HashSet<usize> = order.patients.iter().copied().collect();
        for set in &order.sets {
            for record in records(&self.workload, set)?.iter().filter(|record| chosen.contains(&record.patient)) {
                self.wanted.expect(order.tablet, &self.patients[record.patient].patient, &record.id);
            }
        }
        let first = &self.patients[order.first];
        let mut mine: Vec<Patient> = order.patients.iter().map(|&number| self.patients[number].clone()).collect();
        mine.sort_by_key(|patient| patient.patient != first.patient);
        for patient in &mine {
            self.wanted.expect(order.tablet, &patient.patient, &card_of(patient));
        }
        let (cards, first_card) = (mine.len(), card_of(first));
        self.wanted.lock().cards.clear();
        let begin = Instant::now();
        let tablet = self.make(order.tablet, Vec::new()).await?;
        let everything = async {
            tablet.connect(&order.url).await?;
            tablet.follow(mine, &self.book).await?;
            self.wanted.all().await;
            let held = begin.elapsed().as_secs_f64();
            tablet.flush().await?;
            Ok::<_, Failure>((held, begin.elapsed().as_secs_f64()))
        };
        let done = tokio::time::timeout(Duration::from_secs_f64(order.patience), everything).await.ok().transpose()?;
        let (held, stored) = done.unzip();
        let state = self.wanted.lock();
        let since = |at: &Instant| at.duration_since(begin).as_secs_f64();
        let card = state.cards.iter().find(|(id, _)| *id == first_card).map(|(_, at)| since(at));
        let usable = state.cards.last().filter(|_| state.cards.len() == cards).map(|(_, at)| since(at));
        Ok(json!({"card": card, "usable": usable, "held": held, "stored": stored}))
    }

    async fn digest(&self) -> Result<Value, Failure> {
        let mut found = serde_json::Map::new();
        for (index, tablet) in &self.tablets {
            let mut tally = Tally::default();
            for (id, note) in tablet.records().await? {
                tally.add(&id, &note);
            }
            found.insert(index.to_string(), serde_json::to_value(tally.holding())?);
        }
        Ok(json!({"tablets": found}))
    }
}
