//! Sentences of the kind that home care writes, put together from words and patterns. All made up: no word list and no pattern is
//! taken from the demonstration, from a benchmark, or from anybody's records.

/// Repeatable numbers (xorshift64*).
pub struct Chance(u64);

impl Chance {
    /// The same seed, the same text.
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x2545_f491_4f6c_dd1d) | 1)
    }

    /// The next number below `n`.
    pub fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % n
    }

    /// A number from `low` to `high`.
    pub fn within(&mut self, low: usize, high: usize) -> usize {
        low + self.below(high - low + 1)
    }

    /// One of them.
    pub fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len())]
    }

    /// Random bytes.
    pub fn bytes<const N: usize>(&mut self) -> [u8; N] {
        std::array::from_fn(|_| self.below(256) as u8)
    }
}

const PLACE: &[&str] = &[
    "右下腿",
    "左下腿",
    "両下肢",
    "右足背",
    "左足背",
    "腰部",
    "右膝",
    "左膝",
    "右肩",
    "左肩",
    "仙骨部",
    "尾骨部",
    "踵",
    "背部",
    "腹部",
    "胸部",
    "前腕",
    "上腕",
    "頸部",
    "手指",
    "足趾",
    "臀部",
    "大腿部",
    "口腔内",
    "眼瞼",
    "頬部",
    "陰部",
    "鼠径部",
    "股関節",
    "肘",
    "耳介",
];
const SIGN: &[&str] = &[
    "浮腫",
    "発赤",
    "疼痛",
    "腫脹",
    "熱感",
    "しびれ",
    "冷感",
    "かゆみ",
    "湿疹",
    "乾燥",
    "内出血",
    "水疱",
    "表皮剥離",
    "拘縮",
    "圧痛",
    "滲出液",
    "びらん",
    "掻き傷",
    "脱力",
    "こわばり",
    "皮下出血",
    "落屑",
    "浸軟",
];
const DEGREE: &[&str] = &[
    "軽度",
    "中等度",
    "わずか",
    "強い",
    "弱い",
    "やや強い",
    "時々",
    "持続的",
    "体動時のみ",
    "夜間のみ",
    "起床時",
    "歩行時",
];
const CHANGE: &[&str] = &[
    "増強なし",
    "軽減している",
    "悪化傾向",
    "改善傾向",
    "変化なし",
    "消失",
    "横ばい",
    "前回と同程度",
    "範囲が縮小",
    "範囲が拡大",
    "再燃",
    "新たに出現",
];
const SYMPTOM: &[&str] = &[
    "咳嗽",
    "喀痰",
    "嘔気",
    "嘔吐",
    "頭重感",
    "めまい",
    "ふらつき",
    "動悸",
    "息切れ",
    "呼吸困難",
    "倦怠感",
    "食欲不振",
    "不眠",
    "便秘",
    "下痢",
    "腹痛",
    "胸痛",
    "発熱",
    "悪寒",
    "発汗",
    "口渇",
    "むせ込み",
    "誤嚥",
    "尿失禁",
    "頻尿",
    "残尿感",
    "血尿",
    "幻視",
    "妄想",
    "不穏",
    "傾眠",
    "立ちくらみ",
    "低血糖",
    "喘鳴",
    "鼻汁",
    "咽頭痛",
    "耳鳴り",
    "振戦",
    "けいれん",
    "脱水",
    "黄疸",
    "吐血",
    "下血",
    "鼻出血",
];
const FUNCTION: &[&str] = &[
    "血圧",
    "体温",
    "脈拍",
    "呼吸",
    "酸素飽和度",
    "体重",
    "血糖値",
    "尿量",
    "水分量",
    "食事量",
    "睡眠",
    "排便",
    "排尿",
    "意識レベル",
    "歩行状態",
    "嚥下",
    "皮膚の状態",
    "呼吸音",
    "腸蠕動音",
    "心音",
    "認知機能",
    "握力",
    "バイタルサイン",
    "顔色",
    "表情",
    "会話",
    "残薬",
    "内服状況",
];
const STATE: &[&str] = &[
    "安定",
    "良好",
    "不良",
    "普通",
    "保たれている",
    "低下気味",
    "上昇傾向",
    "問題なし",
    "異常なし",
    "正常範囲内",
    "やや低め",
    "やや高め",
    "著変なし",
    "不安定",
    "平常どおり",
    "清明",
    "穏やか",
    "乏しい",
    "十分",
    "不足気味",
];
const CARE: &[&str] = &[
    "全身清拭",
    "陰部洗浄",
    "足浴",
    "手浴",
    "洗髪",
    "シャワー浴介助",
    "創部処置",
    "軟膏塗布",
    "褥瘡処置",
    "点滴管理",
    "吸引",
    "浣腸",
    "摘便",
    "胃ろう管理",
    "膀胱留置カテーテル管理",
    "ストーマ交換",
    "在宅酸素の点検",
    "インスリン注射",
    "内服管理",
    "お薬カレンダーのセット",
    "一包化の確認",
    "関節可動域訓練",
    "筋力訓練",
    "歩行訓練",
    "嚥下訓練",
    "呼吸リハビリ",
    "マッサージ",
    "体位変換",
    "おむつ交換",
    "更衣介助",
    "食事介助",
    "口腔清掃",
    "義歯の洗浄",
    "爪のケア",
    "環境整備",
    "家族指導",
    "療養相談",
    "バイタルサイン測定",
    "採血",
    "血糖測定",
    "酸素流量の確認",
    "移乗介助",
    "トイレ誘導",
    "買い物代行",
    "調理",
    "掃除",
    "洗濯",
    "傾聴",
    "服薬支援",
    "状態観察",
    "排泄介助",
    "点眼",
];
const PERSON: &[&str] = &[
    "ご本人",
    "ご家族",
    "長男",
    "長女",
    "次男",
    "奥様",
    "ご主人",
    "お嫁さん",
    "妹さん",
    "お孫さん",
    "ヘルパー",
    "ケアマネジャー",
    "主治医",
    "訪問診療医",
    "薬剤師",
    "理学療法士",
    "言語聴覚士",
    "デイサービス",
    "ショートステイ",
    "訪問入浴",
    "福祉用具業者",
    "地域包括支援センター",
    "民生委員",
    "近所の方",
    "病棟",
    "外来",
];
const DRUG: &[&str] = &[
    "降圧薬",
    "利尿剤",
    "鎮痛剤",
    "下剤",
    "眠剤",
    "抗凝固薬",
    "抗生剤",
    "吸入薬",
    "貼付剤",
    "点眼薬",
    "血糖降下薬",
    "整腸剤",
    "胃薬",
    "去痰薬",
    "鉄剤",
    "ステロイド",
    "抗てんかん薬",
    "認知症の薬",
    "漢方薬",
    "麻薬",
    "坐薬",
    "軟膏",
    "保湿剤",
    "頓服",
    "インスリン",
    "アムロジピン",
    "フロセミド",
    "ワーファリン",
    "酸化マグネシウム",
    "ロキソプロフェン",
    "アセトアミノフェン",
    "ドネペジル",
    "メトホルミン",
    "ランソプラゾール",
    "プレドニゾロン",
    "エドキサバン",
];
const MOMENT: &[&str] = &[
    "朝食後",
    "昼食後",
    "夕食後",
    "就寝前",
    "起床時",
    "午前中",
    "午後",
    "夜間",
    "早朝",
    "昨日",
    "一昨日",
    "今朝",
    "昨夜",
    "先週",
    "週末",
    "三日前",
    "数日前から",
    "前回訪問後",
    "退院後",
    "受診後",
    "入浴後",
    "訪問時",
    "次回訪問時",
    "明日",
    "来週",
    "今月末",
];
const ACTION: &[&str] = &[
    "報告する",
    "相談する",
    "経過をみる",
    "継続する",
    "受診を勧める",
    "再評価する",
    "連絡を入れる",
    "指示を仰ぐ",
    "中止する",
    "見守る",
    "説明し理解を得た",
    "同意を得た",
    "指導を行った",
    "調整を依頼する",
    "確認をお願いする",
    "観察を続ける",
    "記録を依頼した",
    "対応済み",
    "様子をみることとした",
    "訪問回数を増やす",
    "処方の変更を依頼した",
    "臨時往診となった",
    "救急要請の目安を伝えた",
    "電話で伝えた",
];
const LIFE: &[&str] = &[
    "テレビを見て過ごされていた",
    "ベッド上で臥床されていた",
    "椅子に座って待っておられた",
    "庭に出ておられた",
    "新聞を読んでおられた",
    "眠っておられた",
    "笑顔で迎えてくださった",
    "ラジオを聴いておられた",
    "洗濯物をたたんでおられた",
    "玄関まで出てこられた",
    "食卓におられた",
    "孫の話をされた",
];
const WISH: &[&str] = &[
    "自宅で過ごしたい",
    "入院はしたくない",
    "外に出たい",
    "痛みを取ってほしい",
    "よく眠りたい",
    "畑の様子が気になる",
    "風呂に入りたい",
    "迷惑をかけたくない",
    "薬を減らしたい",
    "歩けるようになりたい",
    "食べたいものがある",
    "妻が心配",
];
const FOOD: &[&str] = &[
    "主食",
    "副食",
    "全粥",
    "軟飯",
    "きざみ食",
    "とろみ食",
    "ゼリー",
    "味噌汁",
    "栄養補助飲料",
    "果物",
    "お茶",
    "経管栄養",
    "昼の弁当",
];
const TOOL: &[&str] = &[
    "歩行器",
    "四点杖",
    "車いす",
    "手すり",
    "ポータブルトイレ",
    "エアマット",
    "介護ベッド",
    "スロープ",
    "シャワーチェア",
    "酸素濃縮器",
    "吸引器",
    "カテーテル",
    "胃ろうチューブ",
    "ストーマ装具",
    "血圧計",
    "体温計",
    "緊急通報装置",
    "非常用電源",
    "懐中電灯",
    "センサーマット",
];
const PURPOSE: &[&str] = &[
    "定期訪問",
    "臨時訪問",
    "緊急訪問",
    "退院後初回訪問",
    "リハビリ",
    "服薬指導",
    "点滴",
    "状態確認",
    "看取り期の支援",
    "契約・説明",
];
const FAMILY: &[&str] = &[
    "青木",
    "石田",
    "上田",
    "遠藤",
    "大野",
    "柏木",
    "木下",
    "工藤",
    "小林",
    "斎田",
    "坂本",
    "柴田",
    "杉山",
    "関口",
    "田村",
    "千田",
    "土屋",
    "中島",
    "西村",
    "野口",
    "長谷川",
    "平野",
    "藤原",
    "松井",
    "三浦",
    "村上",
    "森田",
    "山口",
    "吉川",
    "和田",
];
const FAMILY_KANA: &[&str] = &[
    "アオキ",
    "イシダ",
    "ウエダ",
    "エンドウ",
    "オオノ",
    "カシワギ",
    "キノシタ",
    "クドウ",
    "コバヤシ",
    "サイダ",
    "サカモト",
    "シバタ",
    "スギヤマ",
    "セキグチ",
    "タムラ",
    "チダ",
    "ツチヤ",
    "ナカジマ",
    "ニシムラ",
    "ノグチ",
    "ハセガワ",
    "ヒラノ",
    "フジワラ",
    "マツイ",
    "ミウラ",
    "ムラカミ",
    "モリタ",
    "ヤマグチ",
    "ヨシカワ",
    "ワダ",
];
const GIVEN: &[&str] = &[
    "文子",
    "清",
    "和子",
    "茂",
    "節子",
    "進",
    "久美子",
    "洋一",
    "トミ",
    "正雄",
    "恵",
    "直樹",
    "千代",
    "実",
    "由美",
    "隆",
    "さつき",
    "誠",
];
const OFFICE: &[&str] = &[
    "訪問看護ステーション",
    "居宅介護支援事業所",
    "ヘルパーステーション",
    "調剤薬局",
    "内科クリニック",
    "在宅診療所",
    "地域包括支援センター",
    "総合病院",
    "デイサービスセンター",
    "介護老人保健施設",
];
const TOWN: &[&str] = &[
    "みなと",
    "ひばり",
    "やまびこ",
    "さくら",
    "あおぞら",
    "たんぽぽ",
    "すみれ",
    "こもれび",
    "わかば",
    "なぎさ",
    "ひまわり",
    "かもめ",
];

/// One sentence.
pub fn sentence(c: &mut Chance) -> String {
    let (place, sign, symptom) = (c.pick(PLACE), c.pick(SIGN), c.pick(SYMPTOM));
    let (function, state, person) = (c.pick(FUNCTION), c.pick(STATE), c.pick(PERSON));
    let (drug, moment, action) = (c.pick(DRUG), c.pick(MOMENT), c.pick(ACTION));
    let n = c.within(1, 12);
    match c.below(44) {
        0 => format!("{place}に{sign}あり、{}。", c.pick(CHANGE)),
        1 => format!("{place}の{sign}は{}、{}。", c.pick(DEGREE), c.pick(CHANGE)),
        2 => format!("{symptom}の訴えあり。{person}へ{action}。"),
        3 => format!("{symptom}、{}の訴えなし。", c.pick(SYMPTOM)),
        4 => format!("{function}は{state}。"),
        5 => format!("{function}、{}ともに{state}。", c.pick(FUNCTION)),
        6 => format!("{drug}を{moment}に内服できている。"),
        7 => format!("{drug}の飲み残しが{n}回分あり、{person}に{action}。"),
        8 => format!("{moment}より{symptom}が続いているため、{person}に{action}。"),
        9 => format!("{}を実施し、{}も行った。", c.pick(CARE), c.pick(CARE)),
        10 => format!("訪問時、{}。", c.pick(LIFE)),
        11 => format!("「{}」との発言が聞かれる。", c.pick(WISH)),
        12 => format!("{}は{n}割ほど摂取、{}は{}ml程度。", c.pick(FOOD), c.pick(FOOD), n * 100),
        13 => format!("排便は{n}日なく、{drug}を使用して反応便あり。"),
        14 => format!("{}の使用状況を確認、{state}である。", c.pick(TOOL)),
        15 => format!("{}が届き、{person}と使い方を確認した。", c.pick(TOOL)),
        16 => format!("{person}より、{moment}に{symptom}があったと聞き取る。"),
        17 => format!("{place}を観察、{sign}や{}は認めない。", c.pick(SIGN)),
        18 => format!("{}を行い、{place}の{sign}に注意して{action}。", c.pick(CARE)),
        19 => format!("{person}の都合により、{moment}の訪問時間を{n}時へ変更。"),
        20 => format!("転倒なく過ごせているが、{place}の{sign}のため歩行は不安定。"),
        21 => format!("{moment}、トイレまでの移動で転倒。{place}に{sign}あり、{person}に{action}。"),
        22 => format!("睡眠は{n}時間程度、中途覚醒は{}回。", c.within(0, 5)),
        23 => format!("{drug}が{moment}から{}に変更となった。", c.pick(DRUG)),
        24 => format!("次回は{}と{}を予定。", c.pick(CARE), c.pick(CARE)),
        25 => format!("{person}が不在のため、{}は延期とした。", c.pick(CARE)),
        26 => format!("{function}の値が{state}のため{person}に{action}。"),
        27 => format!("水分は1日{}ml、尿の色は{}。", n * 150, c.pick(&["淡黄色", "濃い黄色", "混濁あり", "血性"])),
        28 => format!(
            "{place}に{}cm×{}cmの{sign}、{}にて保護。",
            n,
            c.within(1, 5),
            c.pick(&["フィルム材", "ガーゼ", "被覆材", "軟膏"])
        ),
        29 => format!("{symptom}時は{drug}を使用し、{n}時間以上あけるよう説明。"),
        30 => format!("介護者である{person}の疲労が強く、{}の利用を提案。", c.pick(PERSON)),
        31 => format!("カテーテルの閉塞なく、{}は{state}に流出。", c.pick(&["尿", "排液", "滲出液", "栄養剤"])),
        32 => format!("酸素{n}Lで{function}は{state}、{symptom}はみられない。"),
        33 => format!("{moment}の服用を忘れやすく、{}で対応することを{person}と決めた。", c.pick(CARE)),
        34 => format!("停電に備えて{}と予備の{}を点検した。", c.pick(TOOL), c.pick(TOOL)),
        35 => format!("{person}から{drug}の残りが{n}日分と連絡あり、処方を依頼。"),
        36 => format!(
            "{}の方針について{person}と話し合い、{action}。",
            c.pick(&["看取り", "療養場所", "リハビリ", "服薬", "食事形態", "災害時"])
        ),
        37 => format!("{function}測定、{}mmHg台で経過。", c.within(9, 17) * 10),
        38 => format!(
            "{}への拒否はなく、{}も自力で可能。",
            c.pick(CARE),
            c.pick(&["食事", "更衣", "立ち上がり", "寝返り", "整容", "移乗"])
        ),
        39 => format!("体重は前回より{}.{}kg{}。", c.within(0, 3), c.within(0, 9), c.pick(&["増加", "減少"])),
        40 => format!(
            "{moment}は{}の予定。",
            c.pick(&["受診", "訪問診療", "デイサービス", "ショートステイ", "血液検査", "担当者会議", "入浴"])
        ),
        41 => format!("{person}と情報を共有し、{action}。"),
        42 => format!("{symptom}の既往があるため、{moment}は{function}に注意が必要。"),
        _ => format!("{place}の{sign}に対し{drug}を塗布、{action}。"),
    }
}

/// Several sentences.
pub fn note(c: &mut Chance, sentences: usize) -> String {
    (0..sentences).map(|_| sentence(c)).collect()
}

/// What was done.
pub fn care(c: &mut Chance) -> Vec<String> {
    (0..c.within(1, 4)).map(|_| c.pick(CARE).to_owned()).collect()
}

/// Why somebody came.
pub fn purpose(c: &mut Chance) -> String {
    c.pick(PURPOSE).to_owned()
}

/// A medicine's name.
pub fn drug(c: &mut Chance) -> String {
    let form = c.pick(&["錠", "カプセル", "散", "OD錠", "テープ", "軟膏", "点眼液", "細粒", "シロップ", "注"]);
    format!(
        "{}{form}{}mg",
        c.pick(DRUG),
        c.pick(&["1", "2.5", "5", "10", "20", "25", "50", "100", "250", "330", "500"])
    )
}

/// A symptom or a sign: also used for diagnoses and adverse reactions.
pub fn symptom(c: &mut Chance) -> String {
    c.pick(SYMPTOM).to_owned()
}

/// A name, and how it is read.
pub fn name(c: &mut Chance) -> (String, String) {
    let family = c.below(FAMILY.len());
    (format!("{} {}", FAMILY[family], c.pick(GIVEN)), FAMILY_KANA[family].to_owned())
}

/// A facility.
pub fn office(c: &mut Chance) -> String {
    format!("{}{}", c.pick(OFFICE), c.pick(TOWN))
}

/// An address.
pub fn address(c: &mut Chance) -> String {
    let town = c.pick(&["本町", "浜町", "栄町", "新田", "上町", "緑が丘", "港町", "川原", "山下", "中央"]);
    format!(
        "{}{town}{}丁目{}−{}",
        c.pick(&["岩手県", "宮城県", "福島県", "高知県", "静岡県", "三重県"]),
        c.within(1, 6),
        c.within(1, 30),
        c.within(1, 20)
    )
}
