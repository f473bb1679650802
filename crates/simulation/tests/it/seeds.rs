//! The seeds of every run, and those somebody asks for: `CAIRN_SIMULATION_SEEDS=17` or `=200..5000`.

use std::ops::Range;

fn live(seeds: Range<u64>) {
    for seed in seeds {
        if let Err(violation) = simulation::run(seed, None) {
            panic!("\n{violation}");
        }
    }
}

// In four parts, so that a test runner can spread them.

#[test]
fn seeds_000_to_049() {
    live(0..50);
}

#[test]
fn seeds_050_to_099() {
    live(50..100);
}

#[test]
fn seeds_100_to_149() {
    live(100..150);
}

#[test]
fn seeds_150_to_199() {
    live(150..200);
}

/// None, unless the environment names some.
#[test]
fn chosen_seeds() {
    let chosen = std::env::var("CAIRN_SIMULATION_SEEDS").unwrap_or_else(|_| "0..0".to_owned());
    let parse = |text: &str| text.parse::<u64>().expect("CAIRN_SIMULATION_SEEDS is a number or two with .. between");
    match chosen.split_once("..") {
        Some((start, end)) => live(parse(start)..parse(end)),
        None => live(parse(&chosen)..parse(&chosen) + 1),
    }
}

#[test]
fn the_same_seed_tells_the_same_story() {
    for seed in [3, 14, 77, 150] {
        let (first, second) = (simulation::run(seed, None).unwrap(), simulation::run(seed, None).unwrap());
        let same = first.iter().zip(&second).take_while(|(line, again)| line == again).count();
        assert_eq!(first.get(same), second.get(same), "seed {seed} after:\n{}", first[..same].join("\n"));
    }
}
