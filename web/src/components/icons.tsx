import type { ReactNode, SVGProps } from "react";

type IconProps = SVGProps<SVGSVGElement>;

function icon(children: ReactNode) {
  return function Icon(props: IconProps) {
    return (
      <svg
        viewBox="0 0 16 16"
        width={14}
        height={14}
        fill="none"
        stroke="currentColor"
        strokeWidth={1.5}
        strokeLinecap="round"
        strokeLinejoin="round"
        aria-hidden="true"
        {...props}
      >
        {children}
      </svg>
    );
  };
}

export const BranchIcon = icon(
  <>
    <circle cx="4.5" cy="3.5" r="1.75" />
    <circle cx="4.5" cy="12.5" r="1.75" />
    <circle cx="11.5" cy="5.5" r="1.75" />
    <path d="M4.5 5.25v5.5M11.5 7.25c0 2.5-3.2 2-5.6 3.9" />
  </>,
);
export const PullRequestIcon = icon(
  <>
    <circle cx="4" cy="3.5" r="1.75" />
    <circle cx="4" cy="12.5" r="1.75" />
    <circle cx="12" cy="12.5" r="1.75" />
    <path d="M4 5.25v5.5M12 10.75V6.5c0-1.4-.8-2-2-2H8M9.6 2.6 7.7 4.5l1.9 1.9" />
  </>,
);
export const MergedIcon = icon(
  <>
    <circle cx="4" cy="3.5" r="1.75" />
    <circle cx="4" cy="12.5" r="1.75" />
    <circle cx="12" cy="8.5" r="1.75" />
    <path d="M4 5.25v5.5M4.2 5.5c.6 2 2.6 3 6 3" />
  </>,
);
export const CheckIcon = icon(<path d="m3.5 8.5 3 3 6-7" />);
export const PlusIcon = icon(<path d="M8 3v10M3 8h10" />);
export const CrossIcon = icon(<path d="m4 4 8 8M12 4l-8 8" />);
export const WarningIcon = icon(
  <>
    <path d="M8 2.5 14.2 13H1.8L8 2.5Z" />
    <path d="M8 6.5v3M8 11.4v.1" />
  </>,
);
export const PencilIcon = icon(<path d="m3 13 .7-3.1 6.9-6.9c.6-.6 1.6-.6 2.2 0l.2.2c.6.6.6 1.6 0 2.2L6.1 12.3 3 13ZM9.5 4.2l2.3 2.3" />);
export const ClockIcon = icon(
  <>
    <circle cx="8" cy="8" r="5.75" />
    <path d="M8 4.75V8l2.2 1.4" />
  </>,
);
export const RunningIcon = icon(
  <>
    <circle cx="8" cy="8" r="5.5" strokeDasharray="3 2.2" />
    <circle cx="8" cy="8" r="1.4" fill="currentColor" stroke="none" />
  </>,
);
export const QuestionIcon = icon(
  <>
    <circle cx="8" cy="8" r="5.75" />
    <path d="M6.5 6.4c.2-1 .9-1.4 1.6-1.4.9 0 1.6.6 1.6 1.4 0 1.2-1.7 1.3-1.7 2.4M8 11v.1" />
  </>,
);
export const AgentIcon = icon(
  <>
    <rect x="2.75" y="5" width="10.5" height="7.5" rx="2.25" />
    <path d="M8 5V2.75M5.9 8.4v.9M10.1 8.4v.9" />
  </>,
);
export const TerminalIcon = icon(
  <>
    <rect x="2" y="3" width="12" height="10" rx="2" />
    <path d="m4.75 6.25 2 1.75-2 1.75M8.75 10h2.5" />
  </>,
);
export const BoardIcon = icon(
  <>
    <rect x="2.25" y="3" width="3.2" height="10" rx="1" />
    <rect x="6.4" y="3" width="3.2" height="7" rx="1" />
    <rect x="10.55" y="3" width="3.2" height="4.5" rx="1" />
  </>,
);
export const ListIcon = icon(<path d="M2.5 4h11M2.5 8h11M2.5 12h11" />);
export const MenuIcon = icon(<path d="M2.5 5h11M2.5 11h11" />);
export const ChevronIcon = icon(<path d="m4.5 6.5 3.5 3.5 3.5-3.5" />);
export const CopyIcon = icon(
  <>
    <rect x="5.5" y="5.5" width="8" height="8" rx="1.75" />
    <path d="M3.6 10.5c-.7 0-1.1-.5-1.1-1.1V4c0-.9.6-1.5 1.5-1.5h5.4c.6 0 1.1.4 1.1 1.1" />
  </>,
);
export const LinkIcon = icon(<path d="M6 3.5H4c-.8 0-1.5.7-1.5 1.5v7c0 .8.7 1.5 1.5 1.5h7c.8 0 1.5-.7 1.5-1.5v-2M9.5 2.5h4v4M13.2 2.8 7.5 8.5" />);
export const ArchiveIcon = icon(<path d="M2.5 3h11v3h-11zM3.5 6v6c0 .6.4 1 1 1h7c.6 0 1-.4 1-1V6M6.5 8.5h3" />);
export const RefreshIcon = icon(<path d="M13 8a5 5 0 1 1-1.6-3.7M13.2 2.4v2.8h-2.8" />);
export const CloudOffIcon = icon(<path d="m2.5 2.5 11 11M5 5.1A3.2 3.2 0 0 0 4.7 11.5h5.8M7 4.1c.4-.1.8-.1 1.2-.1 1.7 0 3.1 1.2 3.4 2.8 1.1.2 1.9 1.1 1.9 2.3 0 .5-.2 1-.5 1.4" />);

/** The mark of the product. */
export function Mark(props: IconProps) {
  return (
    <svg viewBox="0 0 32 32" width={20} height={20} aria-hidden="true" {...props}>
      <rect width="32" height="32" rx="8" fill="#4f4fd0" />
      <rect x="7" y="8" width="4.6" height="16" rx="2.3" fill="#fff" />
      <rect x="13.7" y="8" width="4.6" height="11" rx="2.3" fill="#fff" opacity=".82" />
      <rect x="20.4" y="8" width="4.6" height="6" rx="2.3" fill="#fff" opacity=".64" />
    </svg>
  );
}
