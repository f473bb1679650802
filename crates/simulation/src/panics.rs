//! Panics of threads nobody joins: the hook of the process remembers them.

use std::sync::Once;

use parking_lot::Mutex;

static PANICS: Mutex<Vec<String>> = Mutex::new(Vec::new());
static HOOKED: Once = Once::new();

/// Panics since it was started.
pub(crate) struct Watch {
    before: usize,
}

impl Watch {
    pub(crate) fn start() -> Watch {
        HOOKED.call_once(|| {
            let usual = std::panic::take_hook();
            std::panic::set_hook(Box::new(move |panic| {
                PANICS.lock().push(panic.to_string());
                usual(panic);
            }));
        });
        Watch { before: PANICS.lock().len() }
    }

    pub(crate) fn first(&self) -> Option<String> {
        PANICS.lock().get(self.before).cloned()
    }
}
