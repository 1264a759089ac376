import type { ButtonHTMLAttributes } from "react";

const kinds = {
  plain: "border border-line bg-raised text-ink hover:bg-hover",
  accent: "bg-accent text-canvas hover:opacity-90",
  danger: "border border-danger/40 bg-danger-tint text-danger hover:border-danger",
} as const;

interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  readonly kind?: keyof typeof kinds;
}

export function Button({ kind = "plain", className = "", ...rest }: ButtonProps) {
  return (
    <button
      type="button"
      className={`inline-flex h-7 items-center gap-1.5 rounded-md px-2.5 text-small font-medium disabled:opacity-50 aria-disabled:opacity-50 ${kinds[kind]} ${className}`}
      {...rest}
    />
  );
}

export const fieldLook =
  "h-8 w-full rounded-md border border-line-field bg-canvas px-2.5 text-body outline-none placeholder:text-faint focus-visible:border-accent";
