import { InvalidArgumentError, Option, type Command } from "commander";

import { parseManifest } from "../../models/manifest.js";
import { LARGEST_FILE, pullFile, pullModel, type PulledFile, SILENCE_MS, type Sources } from "../../models/pull.js";
import type { Context } from "../context.js";
import { duration, id, integer, url, urls } from "../parse.js";
import { readFile } from "../tensors.js";

interface Flags {
  readonly from: URL[];
  readonly gateway: URL[];
  readonly manifest?: string;
  readonly sha256?: string;
  readonly maxBytes: number;
  readonly silence: number;
}

/** A local IPFS node's gateway. */
const GATEWAY = "http://127.0.0.1:8080";

/** A model id, a CID in base 32, or an address. */
function kindOf(what: string): "model" | "cid" | "url" {
  if (/^0x[0-9a-fA-F]{64}$/.test(what)) return "model";
  if (/^b[a-z2-7]{58,}$/.test(what)) return "cid";
  if (/^https?:/.test(what) && URL.canParse(what)) return "url";
  throw new InvalidArgumentError(
    "Give a model id (0x and 64 hex digits), a CID (version 1, base 32) or an http address.",
  );
}

const told = (file: PulledFile): string =>
  file.from === undefined ? `${file.sha256} is there already` : `${file.sha256} from ${file.from}, ${file.bytes} bytes`;

export function pullCommand(model: Command, context: () => Context): void {
  model
    .command("pull <model>")
    .description(
      "fetch a registered model, or one file by its CID or address, into the local store, and check every byte",
    )
    .option("--from <url>", "a model folder that somebody serves; may be repeated", urls, [])
    .addOption(new Option("--gateway <url>", "an IPFS gateway; may be repeated").argParser(urls).default([], GATEWAY))
    .option("--manifest <file>", "the publisher's manifest, where no source has it")
    .option("--sha256 <hash>", "what a file fetched by its address must have", id)
    .option("--max-bytes <n>", "largest file to take", integer, LARGEST_FILE)
    .option("--silence <time>", "how long a source may say nothing", duration, SILENCE_MS / 1_000)
    .addHelpText("after", "\nExample:\n  npx touchstone model pull 0x12..ef --from http://127.0.0.1:8780/models")
    .action(async (what: string, flags: Flags) => {
      const kind = kindOf(what);
      const ctx = context();
      const { from: mirrors, sha256, maxBytes: limit, silence } = flags;
      const gateways = flags.gateway.length > 0 ? flags.gateway : [new URL(GATEWAY)];
      const sources: Sources = { mirrors, gateways, limit, silenceMs: silence * 1_000 };
      if (kind === "model") {
        const manifest =
          flags.manifest === undefined ? undefined : parseManifest(new TextDecoder().decode(readFile(flags.manifest)));
        const pulled = await pullModel({ suite: await ctx.suite(), files: ctx.files }, id(what), sources, manifest);
        ctx.io.result({ ...pulled, verified: true }, (r) =>
          [...r.files.map(told), `${r.modelId} is what its file compiles to`].join("\n"),
        );
        return;
      }
      const pulled = await pullFile(
        ctx.files,
        kind === "cid"
          ? {
              kind: "model",
              expected: { cid: what, sha256 },
              urls: gateways.map((base) => new URL(`/ipfs/${what}`, base)),
            }
          : { kind: "model", expected: { sha256 }, urls: [url(what)] },
        sources,
      );
      ctx.io.result(pulled, (r) => `${told(r)}\ncid ${r.cid ?? what}`);
    });
}
