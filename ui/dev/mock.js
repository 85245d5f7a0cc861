// Stands in for the shell while screens are drawn: invented people, every state worth looking at. Never in dist/.
// Ask for a state in the address: ?state=locked|not_enrolled|damaged, ?sync=offline|sending|idle, ?fail=disk-full, ?site
const asked = new URLSearchParams(location.search);
const now = Date.UTC(2026, 10, 20, 1, 42);
const hour = 3600e3, day = 24 * hour;
const nurse = { member: "a1", name: "高橋 美咲", profession: "nurse", facility: "はまかぜ訪問看護ステーション", mine: true };
const pharmacist = { member: "a2", name: "佐々木 健一", profession: "pharmacist", facility: "みなと薬局 大町店", mine: false };
const doctor = { member: "a3", name: "菊池 洋", profession: "physician", facility: "菊池内科クリニック", mine: false };
const helper = { member: "a4", name: "小笠原 まり", profession: "helper", facility: "ヘルパーステーションなぎさ", mine: false };
const written = (author, ago, reason = null, offset = 1200) => ({ author, at: now - ago, clock_offset_ms: offset, reason });
const name = (id, name, kana, age, same_name = false) => ({ id, name, kana, age, same_name });
const row = (patient, sex, birth_date, address, more = {}) => ({
  patient, sex, birth_date, address, allergies: 0, special_needs: [], dnar: false, conflicts: 0, unread: 0,
  unread_hand_overs: 0, incomplete: false, ...more,
});
const oxygen = { kind: "oxygen", detail: "2 L/分 鼻カニューレ（夜間のみ 1.5 L/分）" };
const rows = [
  row(name("p1", "佐藤 ハル", "さとう はる", 89, true), "female", "1937-03-03", "釜石市大町1丁目", { allergies: 2, special_needs: [oxygen], dnar: true, conflicts: 1, unread: 3, unread_hand_overs: 1 }),
  row(name("p2", "髙﨑 正一", "たかさき しょういち", 78), "male", "1948-07-12", "釜石市鵜住居町4丁目", { allergies: 1, unread: 2 }),
  row(name("p3", "佐藤 春", "さとう はる", 84, true), "female", "1942-01-15", "釜石市浜町2丁目"),
  row(name("p4", "三浦 キヨ", "みうら きよ", 93), "female", "1933-11-02", "釜石市小佐野町3丁目", { special_needs: [{ kind: "dialysis", detail: "月水金 釜石中央病院" }, { kind: "other", detail: "全盲。声をかけてから触れる" }], conflicts: 1 }),
  row(name("p5", "小笠原 権左衛門太郎", "おがさわら ごんざえもんたろう", 101), "male", "1925-05-30", "上閉伊郡大槌町吉里吉里"),
];
const byId = (id) => rows.find((one) => one.patient.id === id) ?? rows[0];
const allergies = [
  { key: "penicillin", substance: "ペニシリン系抗菌薬", kind: "allergy", reaction: "全身の発疹・呼吸困難", severity: "重い", noted: "2011-06-01", conflict: false },
  { key: "nsaid", substance: "ロキソプロフェンナトリウム水和物", kind: "adverse_reaction", reaction: "胃潰瘍", severity: null, noted: null, conflict: false },
];
const wishes = { dnar: true, text: "自宅で最期まで過ごしたい。苦しくないようにしてほしい。", decided_on: "2026-04-12", decided_with: "ご本人、長女、主治医", written: written(doctor, 222 * day, "退院時の話し合い") };
const header = (id) => ({ row: byId(id), allergies: byId(id).allergies ? allergies.slice(0, byId(id).allergies) : [], wishes: byId(id).dnar ? wishes : null, wishes_conflict: false, as_of: now - 72 * 60e3, chart: true });
const dose = (amount, unit, basis = "per_day") => ({ amount, unit, basis });
const medicine = (key, drug, d, usage, timings, more = {}) => ({
  key, name: drug, general_name: null, dose: d, usage, timings, form: "内服", since: "2026-05-14", until: "2026-12-08",
  prescriber: "釜石中央病院 循環器内科 及川 徹", source: "notebook", note: null, written: written(pharmacist, 9 * day, "定期処方"), conflict: false, warnings: [], ...more,
});
const current = [
  medicine("m1", "アムロジピンベシル酸塩口腔内崩壊錠5mg「サンプル」", dose("1", "錠"), "1日1回 朝食後", ["morning"], { conflict: true, general_name: "アムロジピンベシル酸塩" }),
  medicine("m2", "レボドパ100mg・カルビドパ水和物10.8mg配合剤錠（長い名前でも途中で切れないことを確かめるための例）", dose("3", "錠"), "1日3回 毎食後 30分以内に服用してください", ["morning", "noon", "evening"]),
  medicine("m3", "ワーファリン錠0.5mg", dose("2.5", "錠"), "1日1回 夕食後", ["evening"]),
  medicine("m4", "センノシド錠12mg", dose("2", "錠"), "1日1回 就寝前", ["bedtime"], { source: "interview" }),
  medicine("m5", "アセトアミノフェン錠200mg", dose("2", "錠", "per_dose"), "疼痛時 6時間以上あけて 1日3回まで", ["as_needed"], { until: null }),
  medicine("m6", "ケトプロフェンテープ40mg 10cm×14cm", dose("14", "枚", "total"), "1日1回 腰に貼付", ["external"]),
];
const dispensing = { dispensed_on: "2026-11-11", pharmacy: "みなと薬局 大町店", prescriber: "釜石中央病院 及川 徹", source: "notebook", notes: ["残薬 センノシド 6錠"], drugs: current.slice(0, 3).map((one) => ({ name: one.name, dose: one.dose, usage: one.usage, quantity: "28日分", product: one.key, notes: [] })) };
const vitals = (systolic, diastolic, pulse, spo2, temperature, more = {}) => ({ systolic, diastolic, pulse, spo2, temperature, weight: null, glucose: null, pain: null, respiration: null, ...more });
const entry = (id, ago, author, body, more = {}) => ({ id, at: now - ago, recorded_at: now - ago + 60e3, clock_offset_ms: 0, author, sent: "acked", reason: null, earlier: [], body, ...more });
const change = { key: "m1", name: current[0].name, action: "changed", before: { dose: dose("0.5", "錠"), usage: "1日1回 朝食後" }, after: { dose: dose("1", "錠"), usage: "1日1回 朝食後" }, reason: "朝の血圧が高い日が続いたため" };
let entries = [
  entry("e1", 2 * hour, nurse, { visit: { purpose: "定期訪問", vitals: vitals(168, 92, 78, 96, 365, { pain: 2 }), care: ["observation", "medication-check", "bed-bath"], note: "食欲あり。下肢のむくみは前回と変わらず。朝の薬を1回飲み忘れていたため、お薬カレンダーの位置を一緒に確認した。長女さんから、夜間に2回ほどトイレに起きるとのお話。ふらつきはないが、足元灯の設置を提案した。次回、夜間の様子を再度うかがう。水分は1日1リットルほど取れている。" } }, { sent: "pending" }),
  entry("e2", 5 * hour, pharmacist, { hand_over: { to: { profession: "nurse" }, urgent: true, text: "ワーファリンが増量になっています。出血の様子を見てください。" } }, { sent: "sealed", clock_offset_ms: 31536e6 }),
  entry("e3", day + 3 * hour, doctor, { medicine_change: change }),
  entry("e4", day + 4 * hour, helper, { visit: { purpose: null, vitals: vitals(null, null, null, null, 362), care: ["meal", "bathing"], note: "お昼は八割。入浴後も気分よし。" } }, { reason: "体温の打ち間違い", earlier: [{ id: "e4a", recorded_at: now - day - 4 * hour, author: helper, body: { visit: { purpose: null, vitals: vitals(null, null, null, null, 392), care: ["meal", "bathing"], note: "お昼は八割。入浴後も気分よし。" } } }] }),
  entry("e5", 9 * day, pharmacist, { dispensing }),
  entry("e6", 9 * day + hour, pharmacist, { notebook_import: { file_name: "okusuri.csv", text: "JAHISTC08,1\n1,佐藤 ハル,2,S120303\n5,20261111,1" } }),
  entry("e7", 330 * day, nurse, { note: { text: "サービス担当者会議に出席。" } }),
  entry("e8", 331 * day, nurse, { unknown: { kind: "photo-album" } }),
];
let saver = false;
let nearby = { serving: null, found: [{ label: "訪問5号", certified: true }, { label: "a91f07", certified: false }], ended: null, deaf: false };
const sync = () => {
  const base = { unsent: 3, last_contact: now - 72 * 60e3, clock_offset_ms: 900, relay: "釜石・大槌 中継所", rejected: 0, problem: null, path: "hub", patients: { complete: 28, known: 30, may_be_more: false }, month: { sent: 48211, received: 1820334 }, data_saver: saver };
  switch (asked.get("sync")) {
    case "idle": return { ...base, state: "idle", unsent: 0, last_contact: now - 60e3 };
    case "sending": return { ...base, state: { sending: { done: 2, total: 5 } } };
    default: return { ...base, state: "offline", problem: "unreachable", clock_offset_ms: asked.has("clock") ? 31536e6 : 900, rejected: asked.has("clock") ? 2 : 0 };
  }
};
const me = { ...nurse, evacuation_site: asked.has("site") };
const status = () => {
  const kind = asked.get("state");
  const state = kind === "locked" ? { locked: { wait_seconds: 0 } } : kind === "not_enrolled" ? "not_enrolled" : kind === "damaged" ? { damaged: { copy_kept: true, recovered: true } } : "unlocked";
  return { state, staff: [nurse, helper, { member: "a5", name: "及川 さくら", profession: "care_manager" }], me: state === "unlocked" ? me : null, demo: true, demo_secret: "2468", region: "釜石・大槌地域", tablet: "訪問3号", now, version: "0.1.0" };
};
const card = (id) => ({ header: header(id), postal_code: "026-0024", phone: "000-0000-0001", blood_type: "A型 Rh(+)", contacts: [{ name: "佐藤 良子", relation: "長女", phone: "000-0000-0002", note: "日中は仕事。夕方以降" }], diagnoses: [{ name: "慢性閉塞性肺疾患", since: "2019-02-01" }, { name: "高血圧症", since: null }, { name: "心房細動", since: "2022" }], medicines: current, last_dispensed: "2026-11-11", physician: { name: "菊池 洋", facility: "菊池内科クリニック", phone: "000-0000-0003" }, numbers: [{ facility: "釜石中央病院", number: "00123456" }] });
const conflict = {
  patient: rows[0].patient, key: "s/medicines/m1", subject: "medicine", title: "アムロジピンベシル酸塩口腔内崩壊錠5mg「サンプル」", reason_required: true,
  values: [
    { id: "v1", value: { medicine: { ...current[0], dose: dose("1", "錠") } }, written: written(doctor, 27 * hour, "朝の血圧が高い日が続いたため") },
    { id: "v2", value: { medicine: { ...current[0], dose: dose("0.5", "錠"), usage: "1日1回 夕食後" } }, written: written(pharmacist, 25 * hour, "ふらつきの訴えがあり、疑義照会のうえ減量") },
  ],
};
let conflicts = [conflict, { ...conflict, patient: rows[3].patient, key: "s/allergies/soba", subject: "allergy", title: "そば", reason_required: false, values: [{ id: "w1", value: { allergy: { ...allergies[0], substance: "そば" } }, written: written(nurse, 3 * day, "ご家族に確認") }, { id: "w2", value: "removed", written: written(helper, 3 * day, "最近食べても何ともないとのこと") }] }];
const preview = {
  encoding: "shift_jis", edition: "JAHISTC08", file_patient: { name: "佐藤 春", kana: "サトウ ハル", sex: "female", birth_date: "1942-01-15" },
  patient_match: asked.has("same") ? "same" : { different: { fields: [{ field: "name", file: "佐藤 春", card: "佐藤 ハル" }, { field: "birth_date", file: "1942-01-15", card: "1937-03-03" }] } },
  dispensings: [{ already_there: false, dispensing }, { already_there: true, dispensing: { ...dispensing, dispensed_on: "2026-10-14" } }],
  medicines: [{ change: "new", medicine: current[3] }, { change: { changed: { from: { dose: dose("2", "錠"), usage: "1日1回 夕食後" } } }, medicine: current[2] }, { change: "same", medicine: current[0] }, { change: "older", medicine: current[1] }],
  allergies: [{ id: "x1", already_there: false, allergy: { ...allergies[0], key: "", substance: "セフェム系" } }, { id: "x2", already_there: true, allergy: allergies[0] }],
  problems: [{ line: 12, record: "201", field: 3, code: "not-a-number", blocking: false }, { line: 19, record: "999", field: null, code: "unknown-record", blocking: false }], blocked: asked.has("blocked"),
};
const saved = { entry: "n1", at: now };
const fail = () => { if (asked.get("fail")) throw { code: asked.get("fail"), params: { wait_seconds: "5" } }; };
const found = (query) => rows.filter((one) => (one.patient.name + one.patient.kana).includes(query));
const answers = {
  get_status: status,
  unlock: ({ secret }) => { if (secret !== "2468") throw { code: "wrong-secret", params: { wait_seconds: "4" } }; return me; },
  lock: () => null,
  get_today: () => ({ date: "2026-11-20", round: [["09:00", "定期訪問・清拭", rows[0], true], ["10:30", "服薬の支援", rows[1], false], ["13:30", "透析後の体調の確認", rows[3], false], ["15:00", "定期訪問", rows[4], false]].map(([time, purpose, patient, done]) => ({ time, purpose, patient, done, until: time, with: [], clashes: [], disputed: false })), changes: [{ patient: rows[0].patient, count: 7, lines: [{ entry: "e2", at: now - 5 * hour, author: pharmacist, kind: "hand_over", summary: "ワーファリンが増量になっています。" }, { entry: "e3", at: now - 27 * hour, author: doctor, kind: "medicine_change", summary: "アムロジピン 0.5錠 → 1錠" }] }, { patient: rows[1].patient, count: 1, lines: [{ entry: "f1", at: now - 30 * hour, author: helper, kind: "visit", summary: "お昼は八割。" }] }], hand_overs: [{ entry: "e2", patient: rows[0].patient, at: now - 5 * hour, author: pharmacist, urgent: true, text: "ワーファリンが増量になっています。出血の様子を見てください。", sent: "acked" }, { entry: "e9", patient: rows[1].patient, at: now - 26 * hour, author: helper, urgent: false, text: "訪問時、玄関の鍵が開いていました。ご家族に連絡済みです。", sent: "acked" }], conflicts: conflicts.length, unsent: 3 }),
  search_patients: ({ query }) => ({ rows: query ? found(query) : rows.slice(0, 3), total: query ? found(query).length : 3, recent: !query }),
  get_patient_header: ({ patient }) => header(patient),
  get_card: ({ patient }) => card(patient),
  get_timeline: ({ limit }) => ({ entries: entries.slice(0, limit), next: null, seen_until: now - day }),
  mark_seen: () => null,
  get_vitals: () => ({ points: Array.from({ length: 16 }, (_, n) => ({ at: now - n * 4 * day, author: n % 3 ? nurse : helper, entry: "v" + n, vitals: vitals(128 + ((n * 17) % 41), 70 + ((n * 7) % 19), n % 5 ? 68 + (n % 9) : null, 97 - (n % 6), 362 + ((n * 3) % 14), n % 4 ? {} : { weight: 482 - n }) })), medicine_changes: [{ at: now - 20 * day, name: "アムロジピン" }] }),
  get_last_vitals: () => ({ values: [["systolic", 142], ["diastolic", 78], ["pulse", 72], ["spo2", 96], ["temperature", 364], ["weight", 482]].map(([measure, value]) => ({ measure, value, at: now - 3 * day })) }),
  record_visit: ({ visit }) => { fail(); entries = [entry("n" + entries.length, 0, nurse, { visit }, { sent: "pending" }), ...entries]; return saved; },
  correct_visit: () => { fail(); return saved; },
  get_medicines: () => ({ observations: [], current, stopped: [{ key: "m9", name: "フロセミド錠20mg", dose: dose("1", "錠"), stopped: written(doctor, 40 * day, "むくみが取れたため") }], dispensings: [{ entry: "e5", author: pharmacist, recorded_at: now - 9 * day, sent: "acked", dispensing }], changes: [{ entry: "e3", at: now - 27 * hour, author: doctor, sent: "acked", change }, { entry: "e3b", at: now - 40 * day, author: doctor, sent: "acked", change: { ...change, key: "m9", name: "フロセミド錠20mg", action: "stopped", after: null, reason: "むくみが取れたため" } }] }),
  check_medicine: () => [], add_medicine: () => { fail(); return saved; }, observe_medicine: () => { fail(); return saved; },
  get_labs: () => ({ tests: [], reports: [], requests: [] }), record_labs: () => { fail(); return saved; }, request_tests: () => { fail(); return saved; },
  change_dose: () => { fail(); return saved; }, stop_medicine: () => { fail(); return saved; }, add_allergy: () => { fail(); return saved; },
  remove_allergy: () => { fail(); return saved; }, set_wishes: () => { fail(); return saved; },
  get_conflicts: ({ patient }) => conflicts.filter((one) => !patient || one.patient.id === patient),
  resolve_conflict: ({ key }) => { fail(); conflicts = conflicts.filter((one) => one.key !== key); return saved; },
  preview_notebook: () => { fail(); return preview; },
  import_notebook: () => ({ dispensings: 1, already_there: 1, medicines: 2, allergies: 1 }),
  search_site: ({ query, sex }) => { const all = found(query).filter((one) => !sex || one.sex === sex); return { rows: all, total: all.length, recent: false }; },
  open_site_card: ({ patient }) => card(patient),
  get_sync: sync,
  get_sync_detail: () => ({ sync: sync(), more: 4, waiting: asked.get("sync") === "idle" ? [] : [{ patient: rows[0].patient, kind: "visit", since: now - 2 * hour, bytes: 1184 }, { patient: rows[0].patient, kind: "hand_over", since: now - 5 * hour, bytes: 412 }, { patient: rows[1].patient, kind: "medicine_change", since: now - 26 * hour, bytes: 690 }] }),
  set_data_saver: ({ on }) => { saver = on; return sync(); },
  get_resources: ({ words, kind }) => {
    const all = [["訪問看護ステーションはまなす", "訪問看護ステーション", 3927380, 14188360], ["はまかぜ薬局", "薬局", 3927620, 14188460], ["見本ビル内科", "医科診療所", 3927460, 14188520], ["しおさい薬局ビル店", "薬局", 3927460, 14188520], ["おおつち訪問リハビリ", "訪問リハビリ", 3935930, 14190210], ["福祉用具しおさい", "福祉用具貸与"]]
      .map(([name, kind, lat, lon], at) => ({ number: at + 1, name, own: at === 0, kind, services: ["訪問", "相談"], address: lat ? "岩手県釜石市大町99番" : "", phone: `0193-00-010${at}`, hours: "平日 8:30–17:30", capacity: "", comment: "", place: lat ? [lat, lon] : null, metres: at && lat ? at * 260 : null }));
    const kinds = [...new Set(all.map(one => one.kind))].map(name => ({ name, count: all.filter(one => one.kind === name).length }));
    const outline = [{ name: "海岸線", places: [[3936000, 14190500], [3930000, 14191500], [3927000, 14189500], [3925000, 14190500]] }, { name: "釜石", places: [[3927650, 14187900]] }];
    return { edition: asked.has("empty") ? null : { serial: 3, published: now - 40 * day }, total: all.length, from: all[0].name, kinds, outline, found: all.filter(one => (one.name + one.address).includes(words) && (!kind || one.kind === kind)) };
  },
  get_data_use: () => [{ month: "2026-11", traffic: { sent: 48211, received: 1820334 } }, { month: "2026-10", traffic: { sent: 1048211, received: 5820334 } }],
  get_nearby: () => nearby,
  start_serving: () => (nearby = { serving: { qr: "TENDENKO:1:" + "6BFOXN%TSMAHN-H3ZKUZKDW6TB8S-2KD5".repeat(12), guests: ["訪問5号", "ふたば薬局"], carried: 34, waiting: 12, hub: false }, found: [], ended: null, deaf: false }),
  stop_serving: () => (nearby = { serving: null, found: [{ label: "訪問5号", certified: true }, { label: "a91f07", certified: false }], ended: "told", deaf: false }),
  scan_server: () => ({ label: "訪問5号", certified: true }),
  get_courier_places: () => [{ folder: "/media/a", name: "KINGSTON", removable: true, free: 7.2e9, files: [{ name: "tendenko-20261120-0915.tendenko", written: now - 3 * hour, bytes: 1820334 }, { name: "tendenko-20261119-1740.tendenko.part", written: now - day, bytes: 40334 }] }, { folder: "/b", name: "", removable: false, free: 2.1e10, files: [] }],
  export_courier: () => ({ name: "tendenko-20261120-1425.tendenko", records: 1204, bytes: 1820334, photos_left_out: false }),
  import_courier: ({ name }) => ({ new: name.endsWith(".part") ? 12 : 340, known: 864, not_for_us: 210, refused: 0, end: name.endsWith(".part") ? "cut" : "whole" }),
  cancel_courier: () => null,
  sync_now: () => ({ ...sync(), state: "connecting" }),
};
const listeners = {};
window.__TAURI__ = {
  core: { invoke: async (command, { args }) => { if (!answers[command]) throw { code: "internal", params: { detail: command } }; return JSON.parse(JSON.stringify(answers[command](args))); } },
  event: { listen: async (event, handler) => { (listeners[event] ??= []).push(handler); return () => {}; } },
};
window.__emit = (event, payload) => (listeners[event] ?? []).forEach((handler) => handler({ event, payload }));
