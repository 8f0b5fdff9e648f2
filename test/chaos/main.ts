import { parseArgs } from "node:util";
import { runChaos } from "./chaos.ts";

// `npm run chaos -- --minutes 10 --seed 7`: kills processes at random under load, and says whether every promise was kept.

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "2" },
    kills: { type: "string", default: "0" },
    seed: { type: "string" },
  },
});
const seed = values.seed === undefined ? Math.floor(Math.random() * 1_000_000) : Number(values.seed);
const minutes = Number(values.minutes);
console.log(`chaos for ${minutes} minutes with seed ${seed}`);
const report = await runChaos({
  seed,
  minutes,
  kills: Number(values.kills),
  onKill: (victim, count) => {
    if (count % 25 === 0) console.log(`${count} kills, the last one of: ${victim}`);
  },
});
console.log(JSON.stringify({ ...report, wrongs: report.wrongs.length }, null, 2));
const { judged, notJudged } = report.neighbour;
console.log(`next door: ${judged} requests judged, ${notJudged} not judged while the gateway or supervisor was down`);
for (const wrong of report.wrongs) console.log(wrong);
process.exitCode = report.wrongs.length === 0 ? 0 : 1;
