//! Half a year of a patient's life, made up the same way every time.
//!
//! The entries are what a visiting nurse, a pharmacist and a helper would write: vitals that wander around the
//! patient's own values, a bad week now and then, and sentences that fit the illness. Deterministic: the same patient
//! number always gives the same history, so that figures and pictures made from it can be compared.

use tendenko_crdt::{Tenths, Visit, Vitals};

/// One entry to be recorded.
pub struct PlannedVisit {
    /// Days before the last day of the history.
    pub days_ago: u16,
    /// Minutes after midnight, local time.
    pub minute: u16,
    /// What is recorded.
    pub visit: Visit,
    /// A hand-over to the team that goes with it.
    pub hand_over: Option<&'static str>,
}

/// A small generator of repeatable numbers (SplitMix64); nothing here needs better ones.
pub struct Dice(u64);

impl Dice {
    /// The same seed, the same numbers.
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number from `low` to `high`, both included.
    pub fn between(&mut self, low: i32, high: i32) -> i32 {
        let width = u64::from((high - low).unsigned_abs()) + 1;
        low + i32::try_from(self.next() % width).unwrap_or(0)
    }

    /// One of the choices.
    pub fn one_of<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        &choices[usize::try_from(self.next() % choices.len() as u64).unwrap_or(0)]
    }

    /// True once in `n` times.
    pub fn once_in(&mut self, n: i32) -> bool {
        self.between(1, n) == 1
    }
}

/// What the history leans on: words of the patient's diagnoses.
struct Theme {
    word: &'static str,
    notes: &'static [&'static str],
}

const THEMES: &[Theme] = &[
    Theme {
        word: "心不全",
        notes: &[
            "下腿浮腫 軽度。前回より軽減。体重の増加なし。塩分を控えた食事を続けておられる。",
            "下腿浮腫あり、靴下の跡が残る。夜間の息苦しさはなし。体重測定を毎朝続けるよう声かけ。",
            "労作時の息切れ少し。階段は途中で一度休む。利尿薬は飲み忘れなし。",
        ],
    },
    Theme {
        word: "糖尿病",
        notes: &[
            "食事は8割摂取。間食に干し柿を召し上がることがあるとのこと。足の傷なし。",
            "インスリン手技を確認、単位の合わせ方は正確。低血糖症状なし。",
            "足趾間に発赤なし、爪切りを行う。残薬は食前薬が3日分。",
        ],
    },
    Theme {
        word: "高血圧",
        notes: &[
            "血圧手帳の記入は毎朝。朝がやや高め。頭痛、めまいなし。",
            "味噌汁は一日一杯にしたとのこと。ふらつきなし。",
        ],
    },
    Theme {
        word: "認知症",
        notes: &[
            "お薬カレンダーに昨日の夕の分が残っている。ご家族と置き場所を相談。",
            "穏やかに過ごされる。同じ話を繰り返されるが、会話は楽しまれている。",
            "夕方になると落ち着かず、玄関に出られることがあるとご家族より。",
        ],
    },
    Theme {
        word: "脳梗塞",
        notes: &[
            "右上肢の可動域訓練を実施。痛みなし。杖歩行は見守りで10m。",
            "むせは時々。とろみを付けると飲み込みは良好。食後の口腔ケア実施。",
        ],
    },
    Theme {
        word: "肺疾患",
        notes: &[
            "酸素は指示どおり使用。カニューレの当たりに発赤なし。痰は白色少量。",
            "口すぼめ呼吸を一緒に練習。入浴後の息切れが強く、途中で休憩。",
        ],
    },
    Theme {
        word: "骨",
        notes: &[
            "腰痛は動き始めに強い。湿布で和らぐ。転倒なし。",
            "手すりの位置を本人と確認。夜間のトイレ歩行はセンサーライトを使用。",
        ],
    },
    Theme {
        word: "腎",
        notes: &[
            "シャント音良好、発赤なし。水分量の記録は続いている。",
            "透析後の疲れが強いが食事はとれている。体重の増えは基準内。",
        ],
    },
];

const COMMON: &[&str] = &[
    "お変わりなく過ごされる。食事・水分とも良好。",
    "排便は2日に1回。腹部の張りなし。内服の飲み忘れなし。",
    "昨夜はよく眠れたとのこと。表情明るい。",
    "入浴介助実施。皮膚トラブルなし。",
    "週末に娘さんが帰省。久しぶりに外食されたとのこと。",
    "風邪気味。咳少し、発熱なし。水分を多めにとるようお伝えする。",
    "仙骨部に軽い発赤。体位を変える間隔をご家族と確認し、保護材を貼る。",
];

const CARE: &[&[&str]] = &[
    &["バイタル測定", "服薬確認"],
    &["バイタル測定", "服薬確認", "清拭"],
    &["バイタル測定", "入浴介助", "爪切り"],
    &["バイタル測定", "排便ケア", "服薬確認"],
    &["バイタル測定", "リハビリ", "口腔ケア"],
];

const HAND_OVERS: &[&str] = &[
    "次回、体重の記録を見せてもらってください。",
    "湿布が残り少なくなっています。受診時に追加をお願いしてください。",
    "玄関の段差でつまずいたとのこと。手すりの相談を進めています。",
    "夕の薬を飲み忘れることが続いています。薬剤師さんと一包化を相談します。",
];

/// The history of patient number `number` with these diagnoses: two visits a week over `weeks` weeks, newest last.
pub fn history(number: u64, diagnoses: &[String], weeks: u16) -> Vec<PlannedVisit> {
    let mut dice = Dice::new(number + 1);
    let mut notes: Vec<&str> = COMMON.to_vec();
    for theme in THEMES.iter().filter(|theme| diagnoses.iter().any(|name| name.contains(theme.word))) {
        // Twice: the illness is spoken of more often than the weather.
        notes.extend(theme.notes);
        notes.extend(theme.notes);
    }
    let diabetic = diagnoses.iter().any(|name| name.contains("糖尿病"));
    let lungs = diagnoses.iter().any(|name| name.contains("肺"));
    let usual = Usual {
        systolic: dice.between(118, 146),
        pulse: dice.between(60, 82),
        spo2: if lungs { dice.between(91, 94) } else { dice.between(95, 98) },
        weight: dice.between(382, 640),
    };
    let minute = 9 * 60 + u16::try_from(dice.between(0, 12)).unwrap_or(0) * 30;
    let first_day = dice.between(0, 3);
    let mut visits = Vec::new();
    for week in (0..weeks).rev() {
        let bad_week = dice.once_in(12);
        for day in [first_day + 3, first_day] {
            let days_ago = week * 7 + u16::try_from(day).unwrap_or(0);
            if days_ago == 0 {
                continue; // today is for the person in front of the window
            }
            let mut vitals = usual.measured(&mut dice, bad_week);
            if diabetic {
                vitals.glucose = u16::try_from(dice.between(98, 210)).ok();
            }
            let note = if bad_week {
                "37度台の発熱と倦怠感。主治医に電話で報告し、様子を見て明日また訪問とする。"
            } else {
                *dice.one_of(&notes)
            };
            visits.push(PlannedVisit {
                days_ago,
                minute,
                visit: Visit {
                    vitals,
                    care: dice.one_of(CARE).iter().map(|care| (*care).to_owned()).collect(),
                    note: note.to_owned(),
                    ..Visit::default()
                },
                hand_over: dice.once_in(18).then(|| *dice.one_of(HAND_OVERS)),
            });
        }
    }
    visits
}

/// A patient's own usual values.
struct Usual {
    systolic: i32,
    pulse: i32,
    spo2: i32,
    weight: i32,
}

impl Usual {
    fn measured(&self, dice: &mut Dice, bad_week: bool) -> Vitals {
        let systolic = self.systolic + dice.between(-12, 14);
        let temperature = if bad_week { dice.between(374, 381) } else { dice.between(358, 367) };
        Vitals {
            systolic: u16::try_from(systolic).ok(),
            diastolic: u16::try_from(systolic * 6 / 10 + dice.between(-6, 6)).ok(),
            pulse: u16::try_from(self.pulse + dice.between(-6, 8) + if bad_week { 14 } else { 0 }).ok(),
            spo2: u16::try_from((self.spo2 + dice.between(-1, 1) - i32::from(bad_week)).min(99)).ok(),
            temperature: i16::try_from(temperature).ok().map(Tenths),
            weight: if dice.once_in(3) {
                i16::try_from(self.weight + dice.between(-8, 8)).ok().map(Tenths)
            } else {
                None
            },
            ..Vitals::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_history_is_the_same_every_time_and_never_from_today() {
        let diagnoses = vec!["慢性心不全".to_owned(), "2型糖尿病".to_owned()];
        let first = history(3, &diagnoses, 26);
        let second = history(3, &diagnoses, 26);
        assert!(first.len() >= 50);
        assert!(first.iter().all(|planned| planned.days_ago > 0));
        assert!(first.iter().zip(&second).all(|(a, b)| a.visit == b.visit && a.days_ago == b.days_ago));
        assert!(first.windows(2).all(|pair| pair[0].days_ago > pair[1].days_ago), "oldest first");
    }
}
