# 検査
tab-labs = 検査
kind-lab-report = 検査結果
kind-test-request = 検査の依頼
group-labs = 検査
labs-empty = まだ検査の記録がありません。結果を書くと、ここに表と推移が出ます。
labs-earlier = もっと前の検査を見る
labs-record = 検査結果を書く
labs-request = 検査を依頼する
labs-table = 検査結果の表
lab-reports = 検査結果（日付順）
test-requests = 検査の依頼
lab-test = 項目
lab-draw = { $test } の推移を見る
lab-high = ↑高い
lab-low = ↓低い
lab-range = 基準 { $low }～{ $high }
lab-range-low = 基準 { $low }以上
lab-range-high = 基準 { $high }以下
lab-range-behind = 薄い帯は基準範囲
lab-left-out = 数値でないもの・単位の違うもの { $n }件は線に入れていません
lab-computed = 「↑高い」「↓低い」は、書かれた値と基準範囲から計算した表示です。
lab-no-line = { $test } は数値の記録がないため、推移を描けません。
lab-taken-on = 採取した日
lab-taken-on-hint = 今日（ほかの日は R8.11.1、11/1 など）
lab-performer = 検査した医療機関・検査所
lab-conclusion = コメント
lab-name = 項目
lab-value = 結果
lab-unit = 単位
lab-from = 基準 下
lab-to = 基準 上
lab-files-explain = 心電図・画像・検査の紙は、写真やPDFだけでも保存できます。
lab-count = （{ $n }項目）
lab-last = { $n ->
    [0] 最後は今日
   *[other] 最後は { $n }日前
}
lab-never = この端末に前の結果はありません。
lab-not-lately = 新しい{ $n }回の検査にはありません。
request-known = これまでに測った項目
request-other = ほかの項目
request-add = 加える
request-drop = { $test } をやめる
field-test = 検査項目
field-conclusion = コメント
