import Autotuner
import DeviceRuntime

/// The parameter sets that are tried: few enough to try them all, since CLBlast compiles some
/// thousand lines for each.
///
/// They keep the constraints of CLBlast's own tuners (`BLAS.Parameters.fault`), and are squarer.
extension MatrixProduct {
  package static func candidates(for problem: Problem, on device: DeviceInfo) -> [Configuration] {
    [.own]
      + (device.kind == .cpu ? cpuCandidates : gpuCandidates).filter {
        $0.fault == nil && $0.fits(device)
      }
  }

  /// Groups of 64 or 256 work-items with at most 64 sums each, through local memory and without.
  private static var gpuCandidates: [Configuration] {
    var result: [Configuration] = []
    for (tile, wg, vec) in [
      (16, 8, 1), (16, 8, 2), (16, 16, 1), (32, 8, 1), (32, 8, 2), (32, 8, 4), (32, 16, 1),
      (32, 16, 2),
    ] {
      result.append(
        .direct(
          Configuration.Direct(tile: tile, wgM: wg, wgN: wg, vecM: vec, vecN: vec)))
    }
    for (tile, wg, vec) in [
      (32, 8, 2), (32, 8, 4), (32, 16, 2), (64, 8, 2), (64, 8, 4), (64, 16, 2), (64, 16, 4),
      (128, 16, 2), (128, 16, 4),
    ] {
      for usesLocal in [true, false] {
        result.append(
          .padded(
            Configuration.Padded(
              tileM: tile, tileN: tile, tileK: tile == 128 ? 16 : 32, wgM: wg, wgN: wg, vecM: vec,
              vecN: vec, usesLocal: usesLocal)))
      }
    }
    return result
  }

  /// One work-item a group, with all sums of a tile in vector registers; two of the usual kind.
  private static var cpuCandidates: [Configuration] {
    let tiles = [(16, 8, 16, 8), (16, 16, 16, 16), (32, 4, 16, 4), (32, 8, 16, 8)]
    let narrow = [(8, 8, 8, 8), (16, 4, 8, 4), (16, 8, 8, 8)]
    return (tiles + narrow).map { tileM, tileN, vecM, vecN in
      .padded(
        Configuration.Padded(
          tileM: tileM, tileN: tileN, tileK: 32, wgM: 1, wgN: 1, vecM: vecM, vecN: vecN,
          usesLocal: false))
    } + [
      .padded(
        Configuration.Padded(
          tileM: 64, tileN: 64, tileK: 32, wgM: 8, wgN: 8, vecM: 8, vecN: 8, usesLocal: false)),
      .direct(Configuration.Direct(tile: 16, wgM: 8, wgN: 8, vecM: 2, vecN: 2)),
    ]
  }
}
