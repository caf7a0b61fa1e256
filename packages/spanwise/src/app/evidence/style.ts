/** Of reports: read on a screen, and on paper. */
export const style = `
:root { color-scheme: light; --ink: #1b1f24; --soft: #59636e; --line: #d8dee4; --tint: #f6f8fa; --good: #1a7f37; --bad: #b42318; --link: #0b57d0 }
* { box-sizing: border-box }
body { margin: 0; color: var(--ink); background: #fff; font: 16px/1.55 system-ui, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif }
main { max-width: 60rem; margin: 0 auto; padding: 2.5rem 1.5rem 4rem }
h1 { font-size: 1.7rem; line-height: 1.25; margin: 0 0 .4rem }
h2 { font-size: 1.2rem; margin: 2.6rem 0 .8rem; padding-top: 1.2rem; border-top: 1px solid var(--line) }
h3 { font-size: 1rem; margin: 1.2rem 0 .4rem }
p { margin: .5rem 0 }
a { color: var(--link); text-decoration: none } a:hover { text-decoration: underline }
.soft { color: var(--soft) } .small { font-size: .875rem }
.good { color: var(--good); font-weight: 600 } .bad { color: var(--bad); font-weight: 600 }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .3rem 1.2rem; margin: .8rem 0 }
dt { color: var(--soft) } dd { margin: 0; overflow-wrap: anywhere }
ol.story { list-style: none; margin: 0; padding: 0 }
ol.story li { padding: .55rem 0 .55rem 1.4rem; border-left: 2px solid var(--line); position: relative }
ol.story li::before { content: ""; position: absolute; left: -.36rem; top: 1.1rem; width: .6rem; height: .6rem; border-radius: 50%; background: var(--soft) }
.ref { font-size: .8rem; white-space: nowrap; margin-left: .25rem }
.card { border: 1px solid var(--line); border-radius: 8px; padding: 1rem 1.2rem; margin: 1rem 0 }
.card h3:first-child { margin-top: 0; font-size: 1.05rem }
table { border-collapse: collapse; width: 100%; font-size: .9rem; margin: .6rem 0 }
th, td { text-align: left; vertical-align: top; padding: .4rem .7rem .4rem 0; border-bottom: 1px solid var(--line); overflow-wrap: anywhere }
th { color: var(--soft); font-weight: 500 }
pre { background: var(--tint); border: 1px solid var(--line); border-radius: 6px; padding: .7rem .9rem; margin: .4rem 0; font: 13px/1.45 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; white-space: pre-wrap; overflow-wrap: anywhere }
code { font: .9em ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; overflow-wrap: anywhere }
details { border-bottom: 1px solid var(--line); padding: .35rem 0 } details:target { background: #fff8c5 }
summary { cursor: pointer; font-size: .9rem } summary .n { display: inline-block; min-width: 2.6rem; color: var(--soft); font-variant-numeric: tabular-nums }
summary .kind { display: inline-block; min-width: 11rem; font-weight: 500 } summary .when { color: var(--soft); float: right; font-size: .8rem }
.note { background: var(--tint); border-radius: 8px; padding: .9rem 1.2rem; margin: 1rem 0 }
@media print { main { padding: 0; max-width: none } h2 { break-after: avoid } .card, details { break-inside: avoid } a { color: inherit } }
`
