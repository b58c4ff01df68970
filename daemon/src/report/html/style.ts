/** How the page looks: the palette of every page of ours, light, dark and on paper. Fonts are the system's. */

const light = `
--bg:#f6f7f9;--panel:#fff;--raise:#eef1f5;--line:#d5dae2;--ink:#14181f;--dim:#4a5462;--mute:#5c6675;--link:#1033d2;
--completed:#187a53;--failed:#8c0a0a;--running:#1033d2;--waiting:#966002;--queued:#3d4552;--cancelled:#5c6675;--skipped:#5c6675;--tolerated:#5c6675;
--on:#fff;--wash:#fbf3f2;--edge:#e3bcb8;--log:#fbfcfd;
--a0:#4a5462;--a1:#a81616;--a2:#187a53;--a3:#855400;--a4:#1033d2;--a5:#8a1d8f;--a6:#0b6478;--a7:#4a5462;--a8:#5c6675;
color-scheme:light`;

const dark = `
--bg:#0e1116;--panel:#161b22;--raise:#1f2630;--line:#2e3744;--ink:#e8edf3;--dim:#b1bbc8;--mute:#97a2b1;--link:#52a8fc;
--completed:#a6ecd3;--failed:#ff5d4f;--running:#52a8fc;--waiting:#fbc009;--queued:#888f99;--cancelled:#97a2b1;--skipped:#97a2b1;--tolerated:#97a2b1;
--on:#0e1116;--wash:#24191b;--edge:#5c2f2d;--log:#11161c;
--a0:#97a2b1;--a1:#ff7468;--a2:#8fe0b8;--a3:#fbc009;--a4:#6fb6ff;--a5:#e59bf0;--a6:#7fd7e8;--a7:#b1bbc8;--a8:#97a2b1;
color-scheme:dark`;

const page = `
*{box-sizing:border-box}
html{scroll-padding-top:12px}
body{margin:0;background:var(--bg);color:var(--ink);font:14px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif;overflow-wrap:anywhere}
.sheet{position:absolute}
.skip{position:absolute;left:-999px}
.skip:focus{left:12px;top:12px;background:var(--panel);padding:8px 12px;z-index:1}
.wrap{max-width:1080px;margin:0 auto;padding:32px 24px 64px}
a{color:var(--link);text-underline-offset:2px}
:focus-visible{outline:2px solid var(--link);outline-offset:2px;border-radius:3px}
h1,h2,h3,h4,h5{margin:0;line-height:1.25;font-weight:600}
h1{font-size:28px;letter-spacing:-.01em;display:flex;flex-wrap:wrap;align-items:center;gap:4px 12px}
h1 .s{width:28px;height:28px}
h1 .number{color:var(--mute);font-weight:400}
h2{font-size:17px;margin:40px 0 12px}
h3{font-size:15px}
h4{font-size:14px}
h5{font-size:12px;color:var(--mute);margin:12px 0 4px;font-weight:600}
p{margin:0}
.brand{color:var(--mute);margin-bottom:12px}
.why{margin-top:12px;color:var(--dim);max-width:75ch;font-size:15px}
.open{margin-top:12px;padding:8px 12px;border-left:3px solid var(--running);background:var(--panel)}
.mute,.time{color:var(--mute)}
.needs{display:block;color:var(--mute)}
.n{font-weight:600}
h4 .mute{font-weight:400}
.time{font-variant-numeric:tabular-nums;white-space:nowrap}
.panel{background:var(--panel);border:1px solid var(--line);border-radius:8px}
.facts{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:16px 24px;margin:24px 0 0}
.facts div{min-width:0}
dt{color:var(--mute);font-size:12px}
dd{margin:0}
.share{display:flex;height:8px;gap:2px;margin-top:24px}
.share span{min-width:4px;border-radius:2px;background:currentColor}
.legend{display:flex;flex-wrap:wrap;gap:4px 20px;margin:10px 0 0;padding:0;list-style:none}
.legend b{font-weight:600;color:var(--ink);font-variant-numeric:tabular-nums}
nav ul{display:flex;flex-wrap:wrap;gap:4px 20px;list-style:none;padding:12px 0 0;margin:24px 0 0;border-top:1px solid var(--line)}
nav a{display:inline-block;min-height:24px;text-decoration:none}
nav a:hover{text-decoration:underline}
.s{width:14px;height:14px;flex:none;vertical-align:-2px}
.on,.line{fill:none;stroke-width:1.8;stroke-linecap:round;stroke-linejoin:round}
.on{stroke:var(--on)}
.line{stroke:currentColor;stroke-width:2}
.badge,.legend li{display:inline-flex;align-items:center;gap:6px;white-space:nowrap}
${["completed", "failed", "tolerated", "running", "waiting", "queued", "cancelled", "skipped"].map((name) => `.c-${name}{color:var(--${name})}`).join("")}
.failures{display:grid;gap:12px}
.failure{background:var(--wash);border:1px solid var(--edge);border-radius:8px;padding:12px 16px}
.quiet .failure{background:var(--panel);border-color:var(--line)}
.failure h3{display:flex;flex-wrap:wrap;align-items:center;gap:2px 8px}
.failure .place{color:var(--dim);font-weight:400}
.failure p{color:var(--dim);margin-top:2px}
table{border-collapse:collapse;width:100%}
caption{text-align:left;padding:0 0 8px;font-weight:600}
caption .mute{font-weight:400;margin-left:6px}
th,td{text-align:left;vertical-align:top;padding:8px 16px;border-top:1px solid var(--line)}
thead th{border-top:0;color:var(--mute);font-size:12px;font-weight:600;white-space:nowrap}
tbody th{font-weight:600;overflow-wrap:break-word}
.part th{padding-left:36px}
.scroll{overflow-x:auto}
.grid{width:auto;margin-bottom:20px;background:var(--panel);border:1px solid var(--line)}
.grid caption{padding-top:4px}
.grid th,.grid td{border:1px solid var(--line);padding:8px 14px;white-space:nowrap}
.grid thead th{background:var(--raise);color:var(--dim)}
.grid tbody th{background:var(--raise);font-weight:400}
.own{display:block;font-size:12px}
.flowing{font-size:14px;margin-bottom:8px}
.flowing .mute{font-weight:400;margin-left:6px}
.flow{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,240px),1fr));gap:8px;list-style:none;margin:0 0 20px;padding:0}
.flow li{display:flex;align-items:center;justify-content:space-between;gap:10px;background:var(--panel);border:1px solid var(--line);border-radius:6px;padding:4px 12px;min-width:0}
.cell{display:flex;align-items:center;gap:6px;min-height:24px;text-decoration:none;white-space:nowrap}
.cell:hover{text-decoration:underline}
.cell .time{margin-left:4px}
.lines{padding:12px 16px}
.axis{display:flex;padding-bottom:2px}
.axis::before{content:"";width:36%;flex:none}
.axis::after{content:"";width:72px;flex:none}
.axis .track{position:relative;flex:1;height:18px}
.tick{position:absolute;white-space:nowrap;transform:translateX(-50%);font-size:11px;color:var(--mute);font-variant-numeric:tabular-nums}
.tick.first{transform:none}
.tick.last{transform:translateX(-100%)}
.bars{list-style:none;margin:0;padding:0}
.bars li{display:flex;align-items:center;min-height:24px}
.bars a{width:36%;flex:none;display:flex;align-items:center;gap:6px;padding-right:12px;color:var(--ink);text-decoration:none;min-width:0}
.bars a:hover .cut{text-decoration:underline}
.cut{overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.bars .track{position:relative;flex:1;height:10px;background:var(--raise);border-radius:3px}
.bar{position:absolute;top:0;height:10px;min-width:3px;border-radius:3px;background:currentColor}
.bars .time{width:72px;flex:none;text-align:right;font-size:12px}
.stage{margin-top:12px;content-visibility:auto;contain-intrinsic-size:auto 44px}
summary{cursor:pointer;padding:10px 16px;display:flex;align-items:center;gap:4px 10px;flex-wrap:wrap;min-height:24px}
summary::-webkit-details-marker{display:none}
summary::before{content:"";flex:none;width:6px;height:6px;border:solid var(--mute);border-width:0 1.5px 1.5px 0;transform:rotate(-45deg);margin-right:2px}
details[open]>summary::before{transform:rotate(45deg)}
summary .end{margin-left:auto;display:flex;gap:12px;align-items:center}
summary:hover{background:var(--raise)}
.leg{padding:12px 16px 4px;border-top:1px solid var(--line);display:flex;align-items:center;gap:8px;flex-wrap:wrap}
.script{border-top:1px solid var(--line)}
.script>summary{padding-left:24px}
.leg~.script>summary{padding-left:36px}
.inside{padding:0 16px 16px 42px}
.note{color:var(--dim);padding-bottom:8px}
.plain td,.plain th{padding:4px 16px 4px 0;border:0}
.plain{width:auto}
.few{list-style:none;margin:0 0 8px;padding:0}
pre{margin:0;padding:10px 12px;background:var(--log);border:1px solid var(--line);border-radius:6px;overflow-x:auto;max-height:70vh;font:12px/1.55 ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;tab-size:4;white-space:pre-wrap;overflow-wrap:anywhere}
.added pre{font:14px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif;background:var(--panel)}
.added h3{margin:16px 0 6px}
code{font:12px/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace}
.b{font-weight:700}.d{color:var(--mute)}.i{font-style:italic}.u{text-decoration:underline}
${Array.from({ length: 8 }, (_, at) => `.a${at}{color:var(--a${at})}`).join("")}.a0.ab{color:var(--a8)}.a7.ab{color:var(--ink)}
footer{margin-top:56px;padding-top:16px;border-top:1px solid var(--line);color:var(--mute);font-size:12px}
@media (max-width:639px){
.wrap{padding:20px 16px 48px}
h1{font-size:22px}
.stages thead{position:absolute;left:-999px}
.stages tr,.stages th{display:block}
.stages td{display:inline-block}
.stages td:last-child{display:block;padding-right:16px}
.stages tr{border-top:1px solid var(--line);padding:8px 0}
.stages tr:first-child{border-top:0}
.stages th,.stages td{border:0;padding:2px 0 2px 16px}
.stages td:empty{display:none}
.part th{padding-left:16px}
.grid,.grid tbody,.grid tr,.grid tbody th,.grid td,.grid caption{display:block}
.grid thead{position:absolute;left:-999px}
.grid{border:0;background:none}
.grid tr{background:var(--panel);border:1px solid var(--line);border-radius:6px;margin-bottom:8px;overflow:hidden}
.grid tbody th{border:0;padding:6px 12px;white-space:normal}
.grid td{border:0;border-top:1px solid var(--line);padding:4px 12px;display:flex;flex-wrap:wrap;align-items:center;gap:2px 10px;white-space:normal}
.grid td::before{content:attr(data-across);color:var(--mute);margin-right:auto}
.grid td.none{display:none}
.bars a,.axis::before{width:46%}
.bars .time,.axis::after{width:56px}
.tick:nth-child(even){display:none}
.script>summary,.leg~.script>summary{padding-left:16px}
.inside{padding:0 12px 12px}
summary .end{margin-left:0}
}
@media (prefers-reduced-motion:no-preference){html{scroll-behavior:smooth}}
@media (forced-colors:active){.bar,.share span{background:CanvasText}.s{forced-color-adjust:none}}
@media print{
body{font-size:11px;background:#fff}
.wrap{max-width:none;padding:0}
nav,.skip{display:none}
.failure,tr,.bars li{break-inside:avoid-page}
h2,h3,summary{break-after:avoid-page}
details{break-inside:auto}
details::details-content{content-visibility:visible;display:block;height:auto}
summary::before{display:none}
pre{max-height:none;overflow:visible;font-size:9px}
.stage{content-visibility:visible}
.bar,.share span{print-color-adjust:exact;-webkit-print-color-adjust:exact}
a{color:inherit;text-decoration:none}
}`;

export const style = `:root{${light}}@media screen and (prefers-color-scheme:dark){:root{${dark}}}${page}`.replaceAll(
  "\n",
  "",
);
