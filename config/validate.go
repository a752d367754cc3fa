package config

import (
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// MaxOptOutGrace is the longest time that leader Services may stay after their namespace's label was removed.
const MaxOptOutGrace = 24 * time.Hour

// MaxConcurrency is the most Services that commit.concurrency may have reconciled at a time.
const MaxConcurrency = 256

// validate reports every value that is out of range.
func (t Tuning) validate() field.ErrorList {
	var v validator
	retry := tuningPath.Child("retry")
	v.policy(retry.Child("failover"), t.Retry.Failover)
	v.policy(retry.Child("standard"), t.Retry.Standard)

	v.duration(tuningPath.Child("cache", "preparedTTL"), t.Cache.PreparedTTL, time.Second, 10*time.Minute)

	commit := tuningPath.Child("commit")
	v.duration(commit.Child("backupDelay"), t.Commit.BackupDelay, 0, 10*time.Second)
	v.integer(commit.Child("concurrency"), t.Commit.Concurrency, 1, MaxConcurrency)

	election := tuningPath.Child("election")
	v.window(election.Child("drainWindow"), t.Election.DrainWindow)
	v.window(election.Child("maxDrainWindow"), t.Election.MaxDrainWindow)
	v.taints(election.Child("removalTaints"), t.Election.RemovalTaints)
	v.duration(election.Child("optOutGrace"), t.Election.OptOutGrace, 0, MaxOptOutGrace)

	observe := tuningPath.Child("observe")
	v.duration(observe.Child("interval"), t.Observe.Interval, 50*time.Millisecond, 5*time.Second)
	v.duration(observe.Child("lossAfter"), t.Observe.LossAfter, MinSilence, MaxLossAfter)
	v.duration(observe.Child("probeInterval"), t.Observe.ProbeInterval, 250*time.Millisecond, time.Minute)
	v.integer(observe.Child("maxRate"), t.Observe.MaxRate, 10, 100_000)

	v.duration(tuningPath.Child("grant", "duration"), t.Grant.Duration, 500*time.Millisecond, 10*time.Second)
	return v.errs
}

// validator collects errors.
type validator struct {
	errs field.ErrorList
}

func (v *validator) check(at *field.Path, value any, problem string) {
	if problem != "" {
		v.errs = append(v.errs, field.Invalid(at, value, problem))
	}
}

func (v *validator) duration(at *field.Path, d metav1.Duration, shortest, longest time.Duration) {
	v.check(at, d.Duration.String(), durationWithin(d.Duration, shortest, longest))
}

func (v *validator) window(at *field.Path, d metav1.Duration) {
	v.duration(at, d, 0, MaxDrainWindow)
	v.check(at, d.Duration.String(), wholeSeconds(d.Duration))
}

func (v *validator) integer(at *field.Path, n, least, most int) {
	if n < least || n > most {
		v.check(at, n, fmt.Sprintf("must be from %d to %d", least, most))
	}
}

func (v *validator) policy(at *field.Path, p RetryPolicy) {
	v.integer(at.Child("maxAttempts"), p.MaxAttempts, 1, 10)
	v.duration(at.Child("initialDelay"), p.InitialDelay, time.Millisecond, 10*time.Second)
	maxDelay := at.Child("maxDelay")
	v.duration(maxDelay, p.MaxDelay, time.Millisecond, time.Minute)
	if p.MaxDelay.Duration < p.InitialDelay.Duration {
		v.check(maxDelay, p.MaxDelay.Duration.String(), "must not be shorter than initialDelay, "+short(p.InitialDelay.Duration))
	}
}
