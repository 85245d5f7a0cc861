# 紙にするもの：救急搬送・PDF
transport = 救急搬送
transport-open = 救急搬送の用紙を開く
transport-title = 救急搬送 患者情報
transport-vitals = 最新の測定値
transport-visits = 最近の訪問
transport-team = ケアチーム
transport-qr = この用紙の内容のQRコード
transport-qr-explain = QRコードを読み取ると、氏名・アレルギー・特別な対応・意向・お薬・病名・連絡先が文字で入ります。
made-by = { $time } 作成　{ $who }（{ $facility }）
save-pdf = PDFで保存
save-pdf-to = PDFを「{ $place }」に保存
pdf-saved = 「{ $name }」を保存しました。場所は { $folder } です。
pdf-not-sealed = このファイルには鍵がかかっていません。渡し終えたら消してください。
