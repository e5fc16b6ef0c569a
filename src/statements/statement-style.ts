/** How a statement looks: on a screen in light and dark, on A4 in black. */
export const STATEMENT_STYLE = `
:root{color-scheme:light dark;--ink:#1d1d1f;--soft:#55555c;--line:#d5d3ce;--paper:#fdfcfa;--warn:#8a2b0a;--warn-paper:#fdeee6}
@media (prefers-color-scheme:dark){:root{--ink:#e8e6e3;--soft:#b0aea9;--line:#3f3e3c;--paper:#191817;--warn:#ffb08a;--warn-paper:#3a2015}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:60rem;padding:1.5rem;background:var(--paper);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",sans-serif}
h1{font-size:1.6rem;margin:.6rem 0}h2,caption{font-size:1.05rem;font-weight:600;text-align:left}
h2{margin:2rem 0 .4rem}caption{padding:0 0 .3rem}
.warning{margin:0 0 .4rem;padding:.6rem 1rem;border:2px solid var(--warn);background:var(--warn-paper);color:var(--warn);font-size:1.05rem;font-weight:700}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.15rem 1.2rem;margin:.6rem 0}dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}
table{border-collapse:collapse;width:100%;margin:1.8rem 0 0;font-variant-numeric:tabular-nums}
th,td{text-align:left;vertical-align:top;padding:.3rem .8rem .3rem 0;border-bottom:1px solid var(--line)}
thead th,thead td{color:var(--soft);font-weight:600;border-bottom:1px solid var(--soft)}tbody th{font-weight:400}
th:last-child,td:last-child{padding-right:0}
.usd,.count{text-align:right;white-space:nowrap}
th:first-child{white-space:nowrap}
td.id,th.id[scope=row],dd.id,pre{font-family:ui-monospace,"DejaVu Sans Mono",monospace;font-size:.85em;overflow-wrap:anywhere}
.sum{width:auto;min-width:26rem}.sum .last th,.sum .last td{font-weight:700;border-top:2px solid var(--ink);border-bottom:0}
pre{white-space:pre-wrap;padding:.6rem .8rem;border:1px solid var(--line)}
footer{display:none}
@media (max-width:40rem){dl{grid-template-columns:1fr}dt{margin-top:.4rem}.sum{min-width:0;width:100%}main{overflow-x:auto}}
@media print{
:root{color-scheme:light;--ink:#000;--soft:#444;--line:#bbb;--paper:#fff;--warn:#000;--warn-paper:#fff}
body{max-width:none;padding:0;font-size:9.5pt}table{margin-top:1.2rem}
thead{display:table-header-group}tr,.proof,.sum{break-inside:avoid}h2,caption{break-after:avoid}
footer{display:block;position:fixed;bottom:0;left:0;right:0;font-size:7pt;color:var(--soft)}
@page{size:A4;margin:16mm 14mm 18mm}
}
`;
