import { Command } from "commander";
import { PACKAGE_NAME } from "../package-name.ts";
import { packageVersion } from "../start/package.ts";
import { addAccounts } from "./accounts.ts";
import { addAlerts } from "./alerts.ts";
import { addCompare } from "./compare.ts";
import { addCorrect } from "./correct.ts";
import { addCorrections } from "./corrections.ts";
import { addEmulate } from "./emulate.ts";
import { addExposures } from "./exposures.ts";
import { addFrontier } from "./frontier.ts";
import { addGenerate } from "./generate.ts";
import { addHolds } from "./holds.ts";
import { addImport } from "./import.ts";
import { addKeys } from "./keys.ts";
import { addLedger } from "./ledger.ts";
import { addMeasure } from "./measure.ts";
import { addModels } from "./models.ts";
import { addOutcomes } from "./outcomes.ts";
import { addOverruns } from "./overruns.ts";
import { addPlan } from "./plan.ts";
import { addProbe } from "./probe.ts";
import { addProof } from "./proof.ts";
import { addQuote } from "./quote.ts";
import { addReceipt } from "./receipt.ts";
import { addReconcile } from "./reconcile.ts";
import { addReprice } from "./reprice.ts";
import { addRule } from "./rule.ts";
import { addRun } from "./run.ts";
import { addServe } from "./serve.ts";
import { addStatement } from "./statement.ts";
import type { Terminal } from "./terminal.ts";
import { addUsage } from "./usage.ts";
import { addVerify } from "./verify.ts";
import { addWatch } from "./watch.ts";
import { addWhatIf } from "./what-if.ts";

/** The whole command line. Commander throws instead of exiting; whatever it prints goes through the terminal. */
export function createProgram(terminal: Terminal): Command {
  const program = new Command(PACKAGE_NAME)
    .description("An AI gateway for image generation with an honest, exact bill.")
    .exitOverride()
    .configureOutput({
      writeOut: (text) => {
        terminal.result({ text: text.trimEnd() }, () => text.trimEnd());
      },
      writeErr: (text) => {
        if (!terminal.json) terminal.note(text.trimEnd());
      },
    })
    .configureHelp({ showGlobalOptions: true })
    .showHelpAfterError("(--help says what there is)")
    .version(packageVersion(), "--version", "print the version")
    .option("--url <address>", "the gateway to use (SPOTMETER_URL); default: this home's")
    .option("--key <key>", "API key (SPOTMETER_API_KEY); for the administration: master key")
    .option("--home <folder>", "ledgers, keys, run file (SPOTMETER_HOME); default: ./.spotmeter")
    .option("--json", "print one JSON object on standard output, and nothing else")
    .addHelpText("after", "\nExit codes: 0 done, 1 refused, 2 misused.");
  addServe(program, terminal);
  addEmulate(program, terminal);
  addQuote(program, terminal);
  addPlan(program, terminal);
  addProof(program, terminal);
  addRun(program, terminal);
  addCompare(program, terminal);
  addGenerate(program, terminal);
  addModels(program, terminal);
  addRule(program, terminal);
  addFrontier(program, terminal);
  addReceipt(program, terminal);
  addOutcomes(program, terminal);
  addAccounts(program, terminal);
  addKeys(program, terminal);
  addAlerts(program, terminal);
  addHolds(program, terminal);
  addExposures(program, terminal);
  addOverruns(program, terminal);
  addCorrections(program, terminal);
  addCorrect(program, terminal);
  addUsage(program, terminal);
  addStatement(program, terminal);
  addReprice(program, terminal);
  addReconcile(program, terminal);
  addMeasure(program, terminal);
  addWhatIf(program, terminal);
  addImport(program, terminal);
  addWatch(program, terminal);
  addVerify(program, terminal);
  addProbe(program, terminal);
  addLedger(program, terminal);
  return program;
}
