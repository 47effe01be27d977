//! A generator of small random numbers (SplitMix64). All of its numbers follow from its seed.

use std::hash::{BuildHasher, Hasher, RandomState};

/// A new random seed.
pub fn fresh_seed() -> u64 {
    RandomState::new().build_hasher().finish()
}

/// The generator.
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    /// A generator with this seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0 up to and without `end`.
    pub fn below(&mut self, end: usize) -> usize {
        let end = u64::try_from(end).unwrap().max(1);
        usize::try_from(self.bits() % end).unwrap()
    }

    /// Returns `true` in `percent` of a hundred cases.
    pub fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// Returns one of these, if there is any.
    pub fn pick<'t, T>(&mut self, these: &'t [T]) -> Option<&'t T> {
        these.get(self.below(these.len()))
    }

    /// Returns one of the last twelve of these, if there is any, because new values are tested more often.
    pub fn recent<'t, T>(&mut self, these: &'t [T]) -> Option<&'t T> {
        let start = these.len().saturating_sub(12);
        if self.chance(10) { self.pick(these) } else { self.pick(these.get(start..)?) }
    }

    /// Returns `something` or `None`, equally often.
    pub fn maybe<T>(&mut self, something: T) -> Option<T> {
        self.chance(50).then_some(something)
    }

    /// A counter near this one: mostly the same, sometimes another one, and sometimes one that no store can
    /// hold.
    pub fn near(&mut self, counter: u64) -> u64 {
        match self.below(20) {
            0 => counter + 1,
            1 => counter.saturating_sub(1),
            2 => u64::MAX - self.bits() % 3,
            3 => u64::try_from(i64::MAX).unwrap(),
            _ => counter,
        }
    }
}
