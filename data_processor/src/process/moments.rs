//! Mean and deviation in one pass (Welford): no sum that loses small values in large ones.

use serde::Serialize;

#[derive(Debug, Clone, Default)]
pub(super) struct Moments {
    count: f64,
    mean: f64,
    squares: f64,
}

/// What is said of them: null where there is no such number, as the deviation of one value.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Spread {
    /// Arithmetic mean.
    pub mean: Option<f64>,
    /// Deviation of a sample (divided by n - 1), as pandas' `std` and `DuckDB`'s `stddev`.
    pub stddev: Option<f64>,
}

impl Moments {
    #[inline]
    pub(super) fn add(&mut self, value: f64) {
        self.count += 1.0;
        let distance = value - self.mean;
        self.mean += distance / self.count;
        self.squares += distance * (value - self.mean);
    }

    pub(super) fn spread(&self) -> Spread {
        let finite = |number: f64| Some(number).filter(|number| number.is_finite());
        Spread {
            mean: finite(self.mean).filter(|_| self.count > 0.0),
            stddev: finite((self.squares / (self.count - 1.0)).sqrt()).filter(|_| self.count > 1.0),
        }
    }
}
