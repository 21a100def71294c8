console.log('tokmeter');
