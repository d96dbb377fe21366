use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// A wire between a store and its server that can go dead: what is on it then is lost for good, and neither end is told, as where a
/// firewall forgot the connection. New connections are well.
pub(crate) struct Wire {
    address: SocketAddr,
    generation: Arc<AtomicUsize>,
    opened: Arc<AtomicUsize>,
}

impl Wire {
    /// To a server on the loopback address.
    pub(crate) fn to(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let generation = Arc::new(AtomicUsize::new(0));
        let opened = Arc::new(AtomicUsize::new(0));
        let wire = Wire { address, generation: Arc::clone(&generation), opened: Arc::clone(&opened) };
        // They end with the process of the test.
        thread::spawn(move || {
            for near in listener.incoming().map_while(Result::ok) {
                let Ok(far) = TcpStream::connect(("127.0.0.1", port)) else { continue };
                opened.fetch_add(1, Ordering::SeqCst);
                carry(&near, &far, &generation);
                carry(&far, &near, &generation);
            }
        });
        wire
    }

    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    /// How many connections were opened.
    pub(crate) fn opened(&self) -> usize {
        self.opened.load(Ordering::SeqCst)
    }

    /// From now on nothing comes through the connections there are.
    pub(crate) fn go_dead(&self) {
        self.generation.fetch_add(1, Ordering::SeqCst);
    }
}

fn carry(from: &TcpStream, to: &TcpStream, generation: &Arc<AtomicUsize>) {
    let (mut from, mut to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
    let generation = Arc::clone(generation);
    let own = generation.load(Ordering::SeqCst);
    thread::spawn(move || {
        let mut buffer = [0; 16 * 1024];
        while let Ok(count @ 1..) = from.read(&mut buffer) {
            if generation.load(Ordering::SeqCst) == own && to.write_all(&buffer[..count]).is_err() {
                return;
            }
        }
    });
}
