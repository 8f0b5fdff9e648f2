import { drainSession, sessionDraining } from "./drain-session.ts";
import { pause, resume } from "./change-state.ts";
import type { CommandTable } from "../handler.ts";
import { advanceSession } from "./advance-session.ts";
import { archive } from "./archive.ts";
import { awaitExecution } from "./await-execution.ts";
import { cancelExecution } from "./cancel-execution.ts";
import { cancelExecutions } from "./cancel-executions.ts";
import { cancelRun } from "./cancel-run.ts";
import { declareTargets } from "./declare-targets.ts";
import { disconnectSession } from "./disconnect-session.ts";
import { expireDue } from "./expire-due.ts";
import { expireSession } from "./expire-session.ts";
import { openSession } from "./open-session.ts";
import { recordLogs } from "./record-logs.ts";
import { recover } from "./recover.ts";
import { reportOutcome } from "./report-outcome.ts";
import { reportStarted } from "./report-started.ts";
import { reportStopped } from "./report-stopped.ts";
import { rerunStep } from "./rerun-step.ts";
import { resumeSession } from "./resume-session.ts";
import { startRun } from "./start-run.ts";
import { submitCall } from "./submit-call.ts";
import { unawait } from "./unawait.ts";

export const commandTable: CommandTable = {
  "open-session": openSession,
  "resume-session": resumeSession,
  declare: declareTargets,
  "disconnect-session": disconnectSession,
  "expire-session": expireSession,
  "drain-session": drainSession,
  "session-draining": sessionDraining,
  "advance-session": advanceSession,
  "submit-call": submitCall,
  "await-execution": awaitExecution,
  unawait,
  "cancel-executions": cancelExecutions,
  "report-started": reportStarted,
  "report-outcome": reportOutcome,
  "report-stopped": reportStopped,
  "record-logs": recordLogs,
  "start-run": startRun,
  "cancel-run": cancelRun,
  "cancel-execution": cancelExecution,
  "rerun-step": rerunStep,
  pause,
  resume,
  archive,
  "expire-due": expireDue,
  recover,
};
