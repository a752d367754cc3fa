package app

import (
	"log/slog"
	"os"

	"github.com/go-logr/logr"
	"k8s.io/klog/v2"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/tanist-dev/tanist/config"
)

// setLogger sends all logs to standard error, as JSON. It returns the logger for what is worth a line at every level: the start, and changes of
// leader. With verbosity 0, only errors are logged besides: Events report what a user must correct.
func setLogger(verbosity int) logr.Logger {
	level, others := levels(verbosity)
	ctrl.SetLogger(newLogger(others))
	klog.SetLogger(newLogger(others))
	return newLogger(level)
}

// levels returns, in slog's levels, which are the negative ones of logr, the level of the lines that are worth it at every level, and that of all others.
func levels(verbosity int) (level, others slog.Level) {
	level = slog.Level(-verbosity)
	if verbosity == 0 {
		return level, slog.LevelWarn
	}
	return level, level
}

func newLogger(level slog.Level) logr.Logger {
	return logr.FromSlogHandler(slog.NewJSONHandler(os.Stderr, &slog.HandlerOptions{Level: level}))
}

// logStart returns the function that logs the start, once the tuning is in force.
func logStart(log logr.Logger, o Options) func(config.Tuning) {
	return func(tuning config.Tuning) {
		log.Info("Started", "version", o.Version, "certificates", o.certificates(), "tuning", tuning.Hash(), "observe", tuning.Observe.Enabled)
	}
}

// certificates says where the certificate of admission comes from.
func (o Options) certificates() string {
	switch {
	case o.WebhookPort == 0:
		return "none"
	case o.SelfManaged:
		return "self-managed"
	default:
		return "files"
	}
}
