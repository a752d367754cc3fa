package report

import "math"

// tail is the probability with which the true percentile lies beyond either end of an interval: 95 % confidence in all.
const tail = 0.025

// Interval is a confidence interval of a percentile, in milliseconds.
type Interval struct {
	FromMs float64 `json:"fromMs"`
	ToMs   float64 `json:"toMs"`
}

// interval returns two of the sorted values between which the true percentile lies with a probability of at least 95 %; nil if there are too
// few values for that. It assumes that the values are independent, and nothing of their distribution.
func interval(sorted []float64, percent int) *Interval {
	from, to := intervalRanks(len(sorted), float64(percent)/100)
	if from < 1 || to > len(sorted) {
		return nil
	}
	return &Interval{FromMs: sorted[from-1], ToMs: sorted[to-1]}
}

// intervalRanks returns the ranks, counted from 1, of the ends of the interval. They are 0 or count+1 if no value is certain enough. How many
// of count values are below a quantile has a binomial distribution. So the ranks are exact, and the same for all distributions (H. A. David
// and H. N. Nagaraja, Order Statistics, 3rd edition, 7.1).
func intervalRanks(count int, quantile float64) (from, to int) {
	below := 0.0 // the probability that at most so many values are below the quantile
	for values := range count + 1 {
		below += binomial(count, values, quantile)
		if below <= tail {
			from = values + 1
		}
		if below >= 1-tail {
			return from, values + 1
		}
	}
	return from, count + 1
}

// binomial returns the probability of so many successes in count independent trials. It computes with logarithms because the factors do not
// fit into floating-point numbers.
func binomial(count, successes int, probability float64) float64 {
	choose := logFactorial(count) - logFactorial(successes) - logFactorial(count-successes)
	return math.Exp(choose + float64(successes)*math.Log(probability) + float64(count-successes)*math.Log(1-probability))
}

func logFactorial(n int) float64 {
	log, _ := math.Lgamma(float64(n) + 1)
	return log
}
