/** The words of other languages for what a log names, with accents folded. One row a meaning, tried in order. */
import type { Role } from "../run/log.ts";

const HELD =
  /验证|驗證|測試|测试|评估|検証|テスト|評価|검증|테스트|평가|(?:^|_)(?:validierung|validierungs[^_]*|pruf[^_]*|validacion|validacao|validazione|valida|prueba|teste|проверк[^_]*|валидаци[^_]*|валид|тест[^_]*|контрол[^_]*|dogrulama|walidacj[^_]*|evaluierung|evaluacion|avaliacao)(?:_|$)/;
const TRAIN =
  /训练|訓練|学習(?!率)|훈련|학습(?!률)|(?:^|_)(?:entrainement|apprentissage|entrenamiento|treino|treinamento|addestramento|обучени[^_]*|трен[^_]*|trainings?[^_]*|egitim|trening[^_]*)(?:_|$)/;

const MEANINGS: readonly [RegExp, Role | "step"][] = [
  [
    /学习率|學習率|学習率|학습률|(?:^|_)(?:lernrate|taux_d_apprentissage|tasa_de_aprendizaje|taxa_de_aprendiz[^_]*|tasso_di_apprendimento|скорость_обучения|ogrenme_orani)(?:_|$)/,
    "lr",
  ],
  [
    /梯度范数|勾配ノルム|(?:^|_)(?:gradientennorm|норма_градиента|norme_du_gradient|norma_del_gradiente)(?:_|$)/,
    "gradNorm",
  ],
  [
    /损失|損失|ロス|손실|(?:^|_)(?:[^_]*verlust[^_]*|perte|perdida|perdidas|perda|perdas|perdita|потер[^_]*|лосс|ошибка|kayip|strata|coste|costo|custo|cout|kosten)(?:_|$)/,
    "loss",
  ],
  [
    /准确率|準確率|正解率|正確率|精度|정확도|(?:^|_)(?:[^_]*genauigkeit|exactitude|exactitud|precision_global|acuracia|accuratezza|точность|dogruluk|dokladnosc)(?:_|$)/,
    "accuracy",
  ],
  [
    /轮|輪|周期|世代|エポック|에포크|에폭|(?:^|_)(?:epoche|epochen|epoque|epoca|epocas|эпох[^_]*|donem|epoka)(?:_|$)/,
    "epoch",
  ],
  [
    /步|迭代|批次|ステップ|イテレーション|反復|스텝|단계|반복|배치|(?:^|_)(?:schritt|schritte|etape|pas|paso|pasos|iteracion|iteracao|iterazione|passo|passos|шаг[^_]*|итерац[^_]*|батч|adim|krok|lote|durchlauf)(?:_|$)/,
    "step",
  ],
];

/** Accents off, Latin ligatures kept: "Époque" and "epoque" are one word. */
export function foldAccents(text: string): string {
  return text
    .normalize("NFD")
    .replace(/[\u0300-\u036f]/g, "")
    .normalize("NFC")
    .replace(/ı/g, "i");
}

/** What a normalised name means in another language; null when it says nothing there. */
export function foreignMeaning(key: string): Role | "step" | null {
  const found = MEANINGS.find(([pattern]) => pattern.test(key))?.[1] ?? null;
  if (found !== "loss" && found !== "accuracy") return found;
  if (!HELD.test(key) && !/(?:^|_)(?:validation|test|eval|val)(?:_|$)/.test(key)) return found;
  return found === "loss" ? "validation" : "validationAccuracy";
}

export const foreignHeld = (key: string): boolean => HELD.test(key);
export const foreignTrain = (key: string): boolean => TRAIN.test(key);
