/** A span over a gap. */
export function Mark() {
  return (
    <svg width="22" height="22" viewBox="0 0 32 32" fill="none" aria-hidden="true" className="text-accent">
      <path
        d="M2 23h28M5 23c2-13 20-13 22 0M11 23v-8M16 23V13M21 23v-8"
        stroke="currentColor"
        strokeWidth="2.6"
        strokeLinecap="round"
      />
    </svg>
  )
}
