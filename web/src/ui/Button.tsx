import type { ComponentProps, ReactNode } from "react";

const BASE =
  "inline-flex items-center justify-center gap-2 rounded-full font-medium whitespace-nowrap transition-colors disabled:opacity-45 disabled:pointer-events-none select-none";
const LOOKS = {
  primary: "bg-accent text-on-accent hover:bg-accent-hover",
  soft: "bg-accent-soft text-accent hover:bg-accent hover:text-on-accent",
  plain: "border border-line bg-surface hover:border-edge",
  ghost: "text-muted hover:bg-sunk hover:text-ink",
};
const SIZES = { sm: "h-8 px-3 text-sm pointer-coarse:h-10", md: "h-10 px-4 text-sm", lg: "h-12 px-6 text-base" };

interface Props extends ComponentProps<"button"> {
  look?: keyof typeof LOOKS;
  size?: keyof typeof SIZES;
}

export function Button({ look = "plain", size = "md", className = "", ...rest }: Props) {
  return <button type="button" {...rest} className={`${BASE} ${LOOKS[look]} ${SIZES[size]} ${className}`} />;
}

interface IconProps extends Omit<ComponentProps<"button">, "children"> {
  label: string;
  look?: keyof typeof LOOKS;
  children?: ReactNode;
  size?: "sm" | "md" | "lg";
}

const SQUARES = { sm: "size-8 pointer-coarse:size-10", md: "size-10", lg: "size-12" };

/** A round button with an icon only; `label` is its accessible name and tooltip. */
export function IconButton({ label, look = "ghost", size = "md", className = "", ...rest }: IconProps) {
  return (
    <button
      type="button"
      aria-label={label}
      title={label}
      {...rest}
      className={`${BASE} ${LOOKS[look]} ${SQUARES[size]} shrink-0 [&>svg]:size-[1.15rem] ${className}`}
    />
  );
}
