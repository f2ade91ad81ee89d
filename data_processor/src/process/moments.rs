//! Calculates mean and standard deviation in one pass (Welford), without a sum in which small values would be lost.

use serde::Serialize;

#[derive(Debug, Clone, Default)]
pub(super) struct Moments {
    count: f64,
    mean: f64,
    squares: f64,
}

/// Mean and standard deviation. Null stands for an undefined one, such as the deviation of a single value.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Spread {
    /// The arithmetic mean.
    pub mean: Option<f64>,
    /// The standard deviation of a sample (divided by n - 1), like pandas' `std` and `DuckDB`'s `stddev`.
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
