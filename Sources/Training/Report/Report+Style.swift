extension Report {
  /// Colours by variables, so that the dark scheme changes only those.
  static let style = """
    :root{color-scheme:light dark;--bg:#fff;--fg:#1b1f24;--dim:#59636e;--line:#d5dae0;
    \(rules { "--c\($0):\(Chart.palette[$0]);" })
    --right:21,128,61;--wrong:194,65,12}
    @media(prefers-color-scheme:dark){:root{--bg:#14171b;--fg:#e6e9ed;--dim:#9aa4af;--line:#343b43;
    --c0:#6cb0ff;--c1:#ff9a62;--c2:#5fd38a;--c3:#b79bff;--c4:#e3b341;--c5:#ff7eb6}}
    *{box-sizing:border-box}
    body{margin:0;background:var(--bg);color:var(--fg);font:16px/1.5 system-ui,sans-serif}
    main{max-width:1200px;margin:0 auto;padding:16px}
    h1{font-size:1.5rem;overflow-wrap:anywhere}h2{font-size:1.2rem;margin-top:2rem}
    dl{display:grid;grid-template-columns:auto 1fr;gap:4px 16px;font-size:.875rem;margin:0 0 16px}
    dt{color:var(--dim)}dd{margin:0;overflow-wrap:anywhere;min-width:0}
    .charts{display:grid;gap:16px;grid-template-columns:repeat(auto-fit,minmax(min(100%,420px),1fr))}
    .scroll+.charts{margin-top:16px;max-width:592px}
    figure{margin:0;border:1px solid var(--line);border-radius:8px;padding:10px;min-width:0;
    max-width:720px}
    figcaption{font-weight:600}svg{width:100%;height:auto;display:block}
    svg text{fill:var(--dim);font-size:12px}.grid{stroke:var(--line)}
    .mark{stroke:var(--dim);stroke-dasharray:2 4}
    polyline{fill:none;stroke-width:2;stroke-linejoin:round}.dashed{stroke-dasharray:6 4}
    .dotted{stroke-dasharray:2 4}polygon{fill-opacity:.2}
    \(rules { "polyline.s\($0){stroke:var(--c\($0))}" })
    \(rules { "circle.s\($0),polygon.s\($0){fill:var(--c\($0))}" })
    .legend{margin:4px 0 0;font-size:.875rem;display:flex;flex-wrap:wrap;gap:4px 14px}
    .legend span::before{content:"";display:inline-block;width:18px;height:3px;
    margin:0 6px 4px 0;background:currentColor}
    .legend .dashed::before{background:
    repeating-linear-gradient(90deg,currentColor 0 5px,transparent 0 9px)}
    .legend .dotted::before{background:
    repeating-linear-gradient(90deg,currentColor 0 2px,transparent 0 5px)}
    \(rules { "span.s\($0){color:var(--c\($0))}" })
    .scroll{overflow-x:auto}table{border-collapse:collapse;font-size:.875rem}
    th,td{border-bottom:1px solid var(--line);padding:4px 10px;text-align:left;
    font-variant-numeric:tabular-nums}
    .confusion td{text-align:right}.confusion .up{vertical-align:bottom}
    .up span{writing-mode:vertical-rl;transform:rotate(180deg);white-space:nowrap}
    .right{background:rgba(var(--right),calc(var(--p)*.6))}
    .wrong{background:rgba(var(--wrong),calc(var(--p)*2))}
    .samples{display:grid;gap:12px;grid-template-columns:repeat(auto-fill,minmax(96px,1fr))}
    .samples img{width:100%;image-rendering:pixelated;border-radius:6px;display:block}
    .samples p{margin:4px 0 0;font-size:.8rem;overflow-wrap:anywhere}.miss{color:var(--c1)}
    """

  /// The same rule for each colour.
  private static func rules(_ rule: (Int) -> String) -> String {
    Chart.palette.indices.map(rule).joined()
  }
}
