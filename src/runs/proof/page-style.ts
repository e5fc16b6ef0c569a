/** How the page of a proof looks: two pictures beside each other on every width, light and dark. */
export const PAGE_STYLE = `
:root{color-scheme:light dark;--ink:#1d1d1f;--soft:#5b5b62;--line:#d0cec8;--paper:#fdfcfa;--field:#f1efea;--warn:#8a2b0a;--warn-paper:#fdeee6;--go:#1f5c99;--go-ink:#fff}
@media (prefers-color-scheme:dark){:root{--ink:#e8e6e3;--soft:#a9a7a2;--line:#45433f;--paper:#191817;--field:#262523;--warn:#ffb08a;--warn-paper:#3a2015;--go:#8fc0f2;--go-ink:#10202f}}
*{box-sizing:border-box}
[hidden]{display:none!important}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.45 system-ui,-apple-system,"Segoe UI",sans-serif}
main{max-width:76rem;margin:0 auto;padding:.75rem 1rem 3rem}
header{display:flex;flex-wrap:wrap;gap:.25rem 1rem;align-items:baseline}
h1{font-size:1.15rem;margin:0}h2{font-size:1.1rem;margin:1.5rem 0 .4rem}
.notice{margin:.75rem 0;padding:.6rem .8rem;background:var(--warn-paper);color:var(--warn);font-weight:600;border-radius:.4rem}
progress{width:100%;height:.5rem;accent-color:var(--go)}
.soft{color:var(--soft);font-size:.9rem}
.pair{display:grid;grid-template-columns:1fr 1fr;gap:.6rem;margin:.6rem 0}
figure{margin:0}figcaption{font-weight:600;text-align:center;padding:.2rem}
.frame{display:block;width:100%;padding:0;border:1px solid var(--line);border-radius:.4rem;background:var(--field);cursor:zoom-in;overflow:hidden}
.frame img{display:block;width:100%;aspect-ratio:1;object-fit:contain;max-height:62vh}
.votes{display:grid;grid-template-columns:repeat(3,1fr);gap:.5rem}
button.vote,.bar button{font:inherit;min-height:2.9rem;padding:.35rem .5rem;border:1px solid var(--line);border-radius:.4rem;background:var(--field);color:var(--ink);cursor:pointer}
button.vote.keep{background:var(--go);color:var(--go-ink);border-color:var(--go);font-weight:600}
button:disabled{opacity:.5;cursor:default}
h2:focus{outline:none}
:focus-visible{outline:3px solid var(--go);outline-offset:2px}
kbd{font:.8em ui-monospace,monospace;border:1px solid currentColor;border-radius:.25rem;padding:0 .3rem;opacity:.75}
.bar{display:flex;flex-wrap:wrap;gap:.5rem;align-items:center;margin:.7rem 0}
details{margin:.5rem 0}summary{cursor:pointer}
.prompt{white-space:pre-wrap;overflow-wrap:anywhere;max-height:12rem;overflow:auto;padding:.5rem;background:var(--field);border-radius:.4rem}
.references{display:flex;flex-wrap:wrap;gap:.5rem}.references img{height:8rem;max-width:100%;border:1px solid var(--line);border-radius:.3rem}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:.9rem;font-variant-numeric:tabular-nums}
caption{text-align:left;font-weight:600;padding:.3rem 0}
th,td{text-align:left;padding:.3rem .7rem .3rem 0;border-bottom:1px solid var(--line);vertical-align:top}
td:first-child{min-width:9rem}
td.figure,th.figure{text-align:right;white-space:nowrap}
.failed{color:var(--warn);font-weight:600}
dialog{width:96vw;max-width:none;height:94vh;max-height:none;padding:0;border:0;background:#0008}
dialog img{width:100%;height:100%;object-fit:contain}
dialog button{position:absolute;top:.5rem;right:.5rem;font:inherit;padding:.4rem .8rem}
.sheet{display:grid;grid-template-columns:repeat(auto-fill,minmax(17rem,1fr));gap:1rem;list-style:none;padding:0}
.sheet .pair{margin:.2rem 0}.sheet img{aspect-ratio:1}
@media (max-width:40rem){main{padding:.5rem .5rem 2rem}.pair{gap:.3rem}button.vote{font-size:.9rem}.wide{display:none}}
@media (prefers-reduced-motion:no-preference){button{transition:background .12s}}
`;
