// Asks the server named by FREIGABE_SCORE_URL through Google's Node client, which
// builds itself from the discovery document. Exits 1 at the first wrong answer.
import assert from "node:assert/strict";
import common from "googleapis-common";

const address = process.env.FREIGABE_SCORE_URL;
const { Discovery } = common;
const make = await new Discovery({ debug: false, includePrivate: false }).discoverAPI(
  `${address}/$discovery/rest?version=v1alpha1`,
);
const client = make({ auth: "plain" });

const { data } = await client.comments.analyze({
  key: "plain",
  requestBody: {
    comment: { text: "😀 So ein Vollidiot!" },
    requestedAttributes: { PROFANITY: {}, TOXICITY: { scoreThreshold: 0 } },
    languages: ["de"],
    spanAnnotations: true,
    doNotStore: true,
  },
});
assert.ok(data.attributeScores.PROFANITY.summaryScore.value >= 0.5);
assert.ok(data.attributeScores.PROFANITY.spanScores.some((s) => "😀 So ein Vollidiot!".slice(s.begin, s.end) === "Vollidiot"));
assert.deepEqual(data.languages, ["de"]);

const suggested = await client.comments.suggestscore({
  key: "plain",
  requestBody: {
    comment: { text: "Danke für den Bericht." },
    attributeScores: { TOXICITY: { summaryScore: { value: 0 } } },
    clientToken: "comment:1",
  },
});
assert.equal(suggested.data.clientToken, "comment:1");

await assert.rejects(
  client.comments.analyze({ key: "plain", requestBody: { comment: { text: "" }, requestedAttributes: { TOXICITY: {} } } }),
  (e) => e.response.status === 400 && e.response.data.error.details[0].errorType === "COMMENT_EMPTY",
);
await assert.rejects(
  make({}).comments.analyze({ key: "stolen", requestBody: { comment: { text: "Hallo" }, requestedAttributes: { TOXICITY: {} } } }),
  (e) => e.response.status === 403 && e.response.data.error.status === "PERMISSION_DENIED",
);
console.log("fine");
