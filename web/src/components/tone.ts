import type { StatusReasonTone } from "@snapboard/client";
import type { SessionStatus } from "../lib/session_status.ts";

/** Colours of a tone. Every tone is also said in words beside its dot. */
export const toneText: Readonly<Record<StatusReasonTone, string>> = {
  neutral: "text-soft",
  working: "text-working",
  waiting: "text-waiting",
  attention: "text-attention",
  success: "text-success",
  danger: "text-danger",
};

export const toneTint: Readonly<Record<StatusReasonTone, string>> = {
  neutral: "bg-neutral-tint text-soft",
  working: "bg-working-tint text-working",
  waiting: "bg-waiting-tint text-waiting",
  attention: "bg-attention-tint text-attention",
  success: "bg-success-tint text-success",
  danger: "bg-danger-tint text-danger",
};

export const toneDot: Readonly<Record<StatusReasonTone, string>> = {
  neutral: "bg-neutral/60",
  working: "bg-working animate-breathe",
  waiting: "bg-waiting",
  attention: "bg-attention-dot",
  success: "bg-success",
  danger: "bg-danger",
};

export const sessionTones: Readonly<Record<SessionStatus, string>> = {
  loading: "text-soft",
  starting: "text-working",
  stopping: "text-soft",
  error: "text-danger",
  "unexpected-exit": "text-danger",
  stopped: "text-soft",
  unknown: "text-soft",
  working: "text-working",
  idle: "text-soft",
};
