//! The text: what visiting nurses, pharmacists, helpers and therapists of a made-up valley write, put together from sentence
//! patterns whose places are filled from lists. Nothing here is a real person, and no sentence is shared with the
//! demonstration or with the text that the compression dictionary was trained on.

use super::{Author, Body, Card, Medicine, Vitals};

/// Repeatable numbers (SplitMix64).
pub struct Random(u64);

impl Random {
    /// The same seed, the same numbers.
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0xD134_2543_DE82_EF95) ^ 0x5851_F42D_4C95_7F2D)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below `end`.
    pub fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end.max(1) as u64).unwrap_or(0)
    }

    /// 32 hexadecimal digits.
    pub fn hex(&mut self) -> String {
        format!("{:016x}{:016x}", self.next(), self.next())
    }

    fn pick<'a, T: ?Sized>(&mut self, list: &[&'a T]) -> &'a T {
        list[self.below(list.len())]
    }

    fn within(&mut self, low: u16, high: u16) -> u16 {
        low + u16::try_from(self.below(usize::from(high - low) + 1)).unwrap_or(0)
    }
}

const FAMILIES: &[(&str, &str)] = &[
    ("及川", "オイカワ"),
    ("阿部", "アベ"),
    ("熊谷", "クマガイ"),
    ("三浦", "ミウラ"),
    ("鈴木", "スズキ"),
    ("村上", "ムラカミ"),
    ("金野", "コンノ"),
    ("畠山", "ハタケヤマ"),
    ("小松", "コマツ"),
    ("菅原", "スガワラ"),
    ("岩渕", "イワブチ"),
    ("遠藤", "エンドウ"),
    ("西條", "サイジョウ"),
    ("山内", "ヤマウチ"),
    ("高橋", "タカハシ"),
    ("芳賀", "ハガ"),
];
const GIVEN: &[(&str, &str)] = &[
    ("トメ", "トメ"),
    ("ハツエ", "ハツエ"),
    ("清治", "セイジ"),
    ("ミサヲ", "ミサヲ"),
    ("勝男", "カツオ"),
    ("ツヤ子", "ツヤコ"),
    ("正一", "ショウイチ"),
    ("キヨノ", "キヨノ"),
    ("誠", "マコト"),
    ("光江", "ミツエ"),
    ("昭平", "ショウヘイ"),
    ("サダ", "サダ"),
    ("武志", "タケシ"),
    ("律子", "リツコ"),
    ("喜代志", "キヨシ"),
    ("スエ", "スエ"),
];
const TOWNS: &[&str] =
    &["志津川字汐見", "歌津字伊里前", "戸倉字水戸辺", "入谷字中の町", "志津川字沼田", "歌津字管の浜"];
const FACILITIES: &[(&str, &str)] = &[
    ("nurse", "訪問看護ステーション潮風"),
    ("nurse", "訪問看護ステーション椿の里"),
    ("pharmacist", "みなと調剤薬局"),
    ("helper", "ヘルパーステーション結"),
    ("therapist", "リハビリセンター志津川"),
    ("care-manager", "居宅介護支援事業所ひころ"),
    ("physician", "入谷ファミリークリニック"),
    ("dietitian", "栄養ケアステーション浜"),
];
const MEDICINES: &[(&str, &str, &str)] = &[
    ("カンデサルタン錠8mg", "1", "分1 朝食後"),
    ("アゼルニジピン錠16mg", "1", "分1 朝食後"),
    ("ランソプラゾールOD錠15mg", "1", "分1 夕食後"),
    ("アピキサバン錠2.5mg", "2", "分2 朝夕食後"),
    ("フロセミド錠20mg", "1", "分1 朝食後"),
    ("酸化マグネシウム錠330mg", "3", "分3 毎食後"),
    ("メマンチン塩酸塩OD錠20mg", "1", "分1 夕食後"),
    ("ロスバスタチン錠2.5mg", "1", "分1 夕食後"),
    ("シタグリプチン錠50mg", "1", "分1 朝食後"),
    ("アセトアミノフェン錠500mg", "3", "疼痛時 1回1錠"),
    ("エルデカルシトールカプセル0.75μg", "1", "分1 朝食後"),
    ("プレガバリンOD錠25mg", "2", "分2 朝夕食後"),
    ("ビソプロロールフマル酸塩錠2.5mg", "1", "分1 朝食後"),
    ("スボレキサント錠15mg", "1", "分1 就寝前"),
];
const DIAGNOSES: &[&str] = &[
    "慢性心不全",
    "本態性高血圧症",
    "2型糖尿病",
    "アルツハイマー型認知症",
    "脳梗塞後遺症",
    "変形性膝関節症",
    "骨粗鬆症",
    "慢性閉塞性肺疾患",
    "慢性腎臓病 G3b",
    "パーキンソン病",
    "心房細動",
    "腰部脊柱管狭窄症",
];
const ALLERGENS: &[&str] = &["セフェム系抗菌薬", "そば", "ヨード造影剤", "貝類", "絆創膏のかぶれ", "アスピリン"];
const PURPOSES: &[&str] =
    &["定期訪問", "服薬の見直し", "状態観察", "創の処置", "入浴の支援", "機能訓練", "退院後の初回訪問", "臨時訪問"];
const CARE: &[&str] = &[
    "血圧測定",
    "体温測定",
    "内服セット",
    "残薬計数",
    "軟膏塗布",
    "足浴",
    "全身清拭",
    "口腔内清掃",
    "関節可動域訓練",
    "立ち上がり訓練",
    "ストーマ装具交換",
    "膀胱留置カテーテル管理",
    "吸入指導",
    "摘便",
    "食事形態の確認",
    "福祉用具の点検",
];

/// Sentences. `{place}` is filled from the list of that name.
const SENTENCES: &[&str] = &[
    "{who}の話では{when}から{symptom}が{degree}、{action}で落ち着いたという。",
    "{part}に{skin}を認め、大きさは{n}×{m}mm。{dressing}で覆い、{interval}に再評価する。",
    "{meal}は主食{k}割、副菜{j}割。{drink}は1日{ml}ml前後を目安に記録してもらっている。",
    "内服は{drugform}に分けたものを{who}が手渡し。{day}の{timing}分が{k}包残っていた。",
    "{room}から{room}まで{aid}で{steps}歩、途中で{k}回立ち止まる。ふらつきは{degree}。",
    "{when}は{hours}時間ほど眠れたが、{clock}時頃に{reason}で目が覚めてしまうと話す。",
    "便は{interval}前に{stool}、腹鳴は{sound}。{action}を続け、出なければ{next}へ連絡とした。",
    "{who}が{days}日間不在になるため、{service}の回数を週{k}回へ増やせるか{next}に打診する。",
    "{season}に備えて{item}の置き場所を{who}と決め、懐中電灯と薬の控えをまとめてもらった。",
    "表情は{mood}。{topic}の話題になると声が大きくなり、{k}分ほど続けて話された。",
    "血圧は家庭記録で{when}が{n}台、受診時より{compare}。{next}へ記録用紙を渡すよう伝える。",
    "{device}の接続部を点検、{finding}。交換予定日は{interval}後、在庫は{k}個。",
    "{part}の痛みは{aid}使用時に{degree}、安静では{k}/10。{action}を{timing}に変えて様子を見る。",
    "{who}より{item}の費用について相談あり、{next}から{interval}以内に説明の電話を入れる。",
    "体重は前回から{change}、{part}の圧痕は{degree}。{drink}の量と{meal}の味付けを聞き取った。",
    "嚥下は{food}で{swallow}、姿勢を{posture}に直すと改善。{service}へも同じ手順を依頼する。",
    "{topic}へ行きたいとの希望が出たので、{aid}での外出練習を{interval}から始める計画とした。",
    "採血結果を{who}と確認、{lab}は{compare}。次の受診で{next}から説明を受ける予定。",
    "{clock}時の訪問時、{room}の室温は{temp}度。{item}の使い方を{who}に実際にやってもらった。",
    "物忘れは{degree}、同じ問いが{k}回。{item}に日付を書いて貼ると、自分で見て納得されていた。",
    "入れ歯の{fit}があり{food}を残される。歯科の往診を{next}に頼み、それまで刻みを細かくする。",
    "{service}の担当者より、{when}に{room}で座り込んでいたと報告。打撲なし、{action}のみ実施。",
    "吸入の手順を{k}項目で確認し、{swallow}。残り回数は{n}、{next}への連絡は不要。",
    "{part}の腫れは{compare}、周囲径{n}cm。{dressing}の巻き方を{who}に写真で残した。",
];

fn filler(random: &mut Random, place: &str) -> String {
    let list: &[&str] = match place {
        "who" => &["奥様", "長男", "長女", "次男の嫁", "同居の孫", "隣家の友人", "民生委員", "ご本人", "姪御さん"],
        "when" => &["昨夜", "今朝", "一昨日の夕方", "先週末", "雨の日", "ここ三日", "連休明け", "明け方"],
        "symptom" => &["動悸", "めまい", "頭重感", "吐き気", "咳き込み", "足のつり", "耳鳴り", "かゆみ", "胸のつかえ"],
        "degree" => &["わずか", "中等度", "強め", "ほとんどなし", "波がある", "日中だけ", "夜に目立つ"],
        "action" => &["横になること", "温罨法", "水分補給", "深呼吸", "頓用薬", "体位変換", "腹部マッサージ", "冷却"],
        "part" => &["左踵", "右大転子", "仙骨上部", "左前腕", "右膝", "両足背", "左肩", "臍の周囲", "右第二趾"],
        "skin" => &["発赤", "びらん", "水疱", "表皮剥離", "乾燥と亀裂", "内出血斑", "浸軟"],
        "dressing" => &["ハイドロコロイド材", "非固着ガーゼ", "弾性包帯", "フィルム材", "ワセリンと綿布"],
        "interval" => &["二日", "五日", "一週間", "十日", "二週間", "一か月"],
        "meal" => &["朝食", "昼食", "夕食", "配食の弁当", "間食", "粥食"],
        "drink" => &["麦茶", "経口補水液", "とろみ茶", "白湯", "牛乳"],
        "drugform" => &["一包化", "曜日別の箱", "壁掛けポケット", "朝夕二色の袋"],
        "day" => &["月曜", "火曜", "水曜", "木曜", "金曜", "土曜", "日曜"],
        "timing" => &["起床時", "朝食後", "昼食後", "夕食後", "就寝前", "食間"],
        "room" => &["寝室", "居間", "台所", "浴室", "便所", "縁側", "玄関"],
        "aid" => &["四点杖", "歩行車", "伝い歩き", "車椅子", "短下肢装具", "二人介助"],
        "reason" => &["尿意", "口の渇き", "足の冷え", "物音", "痛み", "息苦しさ"],
        "stool" => &["普通便が中等量", "硬便が少量", "軟便が二回", "水様便が一回"],
        "sound" => &["正常", "弱い", "やや亢進"],
        "next" => &["主治医", "担当の介護支援専門員", "薬局", "事業所の管理者", "地域包括支援センター", "病院の連携室"],
        "service" => &["訪問介護", "通所リハビリ", "短期入所", "訪問入浴", "夜間対応の巡回", "配食サービス"],
        "season" => &["台風の時期", "停電", "大雪", "猛暑", "津波警報", "年末年始の休診"],
        "item" => {
            &["予備の酸素ボンベ", "お薬手帳", "持ち出し袋", "大きな暦", "電動ベッドの手元スイッチ", "吸引器の電池"]
        }
        "mood" => &["穏やか", "硬い", "晴れやか", "疲れ気味", "眠そう", "不安げ"],
        "topic" => &["漁に出ていた頃", "孫の運動会", "畑の大根", "若い時の旅行", "庭の椿", "地区の祭り", "亡き夫"],
        "compare" => &["やや高い", "やや低い", "前月と同程度", "改善傾向", "横ばい", "一段下がった"],
        "device" => &["酸素濃縮器", "留置カテーテル", "胃瘻チューブ", "人工呼吸器", "補聴器", "低圧持続吸引器"],
        "finding" => &["漏れなし", "緩みを締め直した", "管に結露あり", "汚れを拭き取った", "警報の履歴なし"],
        "change" => &["0.4kg増", "0.6kg減", "1.1kg増", "増減なし", "1.8kg減", "0.9kg増"],
        "food" => &["煮魚", "全粥", "刻み野菜", "ゼリー飲料", "豆腐", "味噌汁の具", "うどん"],
        "swallow" => &["むせ込み一度", "残留感あり", "問題なく飲み込める", "時間がかかる", "声がややかすれる"],
        "posture" => &["顎を引いた座位", "三十度の半座位", "足底を着けた端座位", "右を下にした側臥位"],
        "lab" => &["クレアチニン", "ヘモグロビン", "アルブミン", "カリウム", "BNP", "HbA1c"],
        "fit" => &["緩み", "当たり", "ひび", "外れやすさ"],
        "clock" => &["二", "四", "九", "十", "十一", "十四", "十五", "十六"],
        "hours" => &["三", "四", "五", "六", "七"],
        "steps" => return random.within(8, 140).to_string(),
        "days" => return random.within(2, 21).to_string(),
        "ml" => return (u32::from(random.within(14, 36)) * 50).to_string(),
        "temp" => return random.within(16, 31).to_string(),
        "n" => return random.within(11, 148).to_string(),
        "m" => return random.within(4, 39).to_string(),
        _ => return random.within(1, 9).to_string(),
    };
    random.pick(list).to_owned()
}

fn sentence(random: &mut Random) -> String {
    let mut rest = random.pick(SENTENCES);
    let mut said = String::new();
    while let Some((before, after)) = rest.split_once('{') {
        said.push_str(before);
        let (place, after) = after.split_once('}').unwrap_or((after, ""));
        said.push_str(&filler(random, place));
        rest = after;
    }
    said + rest
}

fn person(random: &mut Random) -> (String, String) {
    let (family, family_kana) = FAMILIES[random.below(FAMILIES.len())];
    let (given, given_kana) = GIVEN[random.below(GIVEN.len())];
    (format!("{family} {given}"), format!("{family_kana} {given_kana}"))
}

/// Somebody who writes records.
pub fn author(random: &mut Random) -> Author {
    let (name, _) = person(random);
    let (profession, facility) = FACILITIES[random.below(FACILITIES.len())];
    Author { name, profession: profession.to_owned(), facility: facility.to_owned() }
}

/// What is on a card.
pub fn card(random: &mut Random) -> Card {
    let (name, kana) = person(random);
    let some = |random: &mut Random, list: &[&str], low: u16, high: u16| {
        let mut found: Vec<String> = (0..random.within(low, high)).map(|_| random.pick(list).to_owned()).collect();
        found.sort();
        found.dedup();
        found
    };
    let first = random.below(MEDICINES.len());
    let medicines = (0..usize::from(random.within(4, 8))).map(|place| {
        let (name, amount, usage) = MEDICINES[(first + place) % MEDICINES.len()];
        Medicine { name: name.to_owned(), amount: amount.to_owned(), unit: "錠".to_owned(), usage: usage.to_owned() }
    });
    Card {
        name,
        kana,
        birth_date: format!("19{}-{:02}-{:02}", random.within(28, 59), random.within(1, 12), random.within(1, 28)),
        address: format!("宮城県本吉郡南三陸町{}{}-{}", random.pick(TOWNS), random.within(1, 99), random.within(1, 30)),
        diagnoses: some(random, DIAGNOSES, 2, 4),
        allergies: some(random, ALLERGENS, 0, 2),
        medicines: medicines.collect(),
    }
}

/// What a record says.
pub fn body(random: &mut Random, author: &Author, at: i64) -> Body {
    let mut care: Vec<String> = (0..random.within(1, 3)).map(|_| random.pick(CARE).to_owned()).collect();
    care.dedup();
    Body {
        at: jiff::Timestamp::from_millisecond(at).map(|at| at.to_string()).unwrap_or_default(),
        author: author.clone(),
        purpose: random.pick(PURPOSES).to_owned(),
        vitals: Vitals {
            systolic: random.within(98, 168),
            diastolic: random.within(52, 96),
            pulse: random.within(52, 104),
            spo2: u8::try_from(random.within(90, 99)).unwrap_or(90),
            temperature: i16::try_from(random.within(352, 378)).unwrap_or(360),
        },
        care,
        note: format!("{}{}", sentence(random), sentence(random)),
    }
}
